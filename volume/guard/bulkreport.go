package guard

import (
	"context"
	"errors"
	"time"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

// yieldNext yields the report that has been ready for longest. If it has expired, its
// volume is checked again.
func (b *bulk) yieldNext() bool {
	p := b.ready[0]
	b.ready = b.ready[1:]
	report, err := p.finish()
	if errors.Is(err, ErrReportExpired) {
		b.again = append(b.again, p.path)
		return true
	}
	return b.report(report, err)
}

// report yields a report, and measures what the loop's body takes.
func (b *bulk) report(r Report, err error) bool {
	began := time.Now()
	goOn := b.yield(r, err)
	b.body = (b.body + time.Since(began)) / 2
	return goOn
}

// passedOver is how many further volumes share the error that no MDS answers.
const passedOver = 300

// passOver yields for the next volumes what the check has just found out: no MDS names
// the pools. To ask again for each volume would take for ever.
func (b *bulk) passOver(ctx context.Context, down *check, inventory *proof.Inventory) bool {
	if down.evidence.Abort.Code != proof.PoolsUnknown {
		return true
	}
	for range passedOver {
		path, ok := b.take()
		if !ok {
			break
		}
		c := b.guard.newCheck(path, &b.under)
		if c.prepare(ctx, inventory, nil, b.opts) {
			c.abort(ctx, proof.PoolsUnknown, down.cause)
		}
		if !b.report(c.finish()) {
			return false
		}
	}
	return true
}

// interrupt yields all that is left as interrupted, one at a time.
func (b *bulk) interrupt(ctx context.Context) bool {
	left := append(b.waiting, b.ready...)
	b.waiting, b.ready = nil, nil
	for _, p := range left {
		p.abort(ctx, proof.Interrupted, ctx.Err())
		if !b.report(p.finish()) {
			return false
		}
	}
	path, ok := b.take()
	if !ok {
		return false
	}
	c := b.guard.newCheck(path, &b.under)
	c.begin(ctx, nil, nil, b.opts)
	if c.evidence.Abort.Code == "" {
		c.abort(ctx, proof.Interrupted, ctx.Err())
	}
	return b.report(c.finish())
}
