package guard

import (
	"context"
	"errors"
	"time"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

// tellNext tells of the report that has been ready for longest. One that expired
// meanwhile is checked again.
func (b *bulk) tellNext() bool {
	p := b.ready[0]
	b.ready = b.ready[1:]
	report, err := p.finish()
	if errors.Is(err, ErrReportExpired) {
		b.again = append(b.again, p.path)
		return true
	}
	return b.tell(report, err)
}

// tell yields a report, and measures what the loop's body takes.
func (b *bulk) tell(report Report, err error) bool {
	began := time.Now()
	goOn := b.yield(report, err)
	b.body = (b.body + time.Since(began)) / 2
	return goOn
}

// passedOver is how many further volumes share the news that no MDS answers.
const passedOver = 300

// passOver tells of the next volumes what the check has just found out, that no
// MDS says which pools there are: to ask again for each would take for ever.
func (b *bulk) passOver(ctx context.Context, down *check, inventory *proof.Inventory) bool {
	if down.evidence.Halt.Code != proof.PoolsUnknown {
		return true
	}
	for range passedOver {
		path, ok := b.take()
		if !ok {
			break
		}
		c := b.guard.newCheck(path, &b.under)
		if c.prepare(ctx, inventory, nil, b.opts) {
			c.halt(ctx, proof.PoolsUnknown, down.cause)
		}
		if !b.tell(c.finish()) {
			return false
		}
	}
	return true
}

// interrupt tells of all that is left, one at a time.
func (b *bulk) interrupt(ctx context.Context) bool {
	left := append(b.waiting, b.ready...)
	b.waiting, b.ready = nil, nil
	for _, p := range left {
		p.halt(ctx, proof.Interrupted, ctx.Err())
		if !b.tell(p.finish()) {
			return false
		}
	}
	path, ok := b.take()
	if !ok {
		return false
	}
	c := b.guard.newCheck(path, &b.under)
	c.begin(ctx, nil, nil, b.opts)
	if c.evidence.Halt.Code == "" {
		c.halt(ctx, proof.Interrupted, ctx.Err())
	}
	return b.tell(c.finish())
}
