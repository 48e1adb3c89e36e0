package guard

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/internal/clock"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// Check finds out whether any host except the allowed ones has the volume open. The
// error is nil only if the report is Free and valid now. Otherwise it is an *InUseError,
// which names the hosts and matches ErrInUse, or an *UndeterminedError, which says why
// and matches ErrUndetermined. The report is complete with any error.
//
// Check returns InUse as soon as one MDS lists a foreign client. Free takes
// Timing.Rounds rounds and the pauses between them, 13 s with the defaults. It takes
// longer when a disturbance spoils a round, but at most proof.Terms.Longest, 91 s by
// default. Check changes nothing on the MDS.
func (g *Guard) Check(ctx context.Context, path zbs.Path, opts ...CheckOption) (Report, error) {
	if g.caller == nil {
		return deny(path)
	}
	ctx, cancel := context.WithCancel(ctx)
	var under sync.WaitGroup
	defer under.Wait()
	defer cancel()
	c := g.newCheck(path, &under)
	inventory, err := g.hosts.read(ctx)
	if c.begin(ctx, inventory, err, opts) {
		c.run(ctx)
	}
	return c.finish()
}

// Wait checks until the verdict is InUse or Free, and returns it as Check does. Between
// checks it pauses as the reasons of the report say. It gives up, with the last report,
// when ctx ends or when another check cannot help (proof.Invalid). If a report expired
// before Check returned it, Wait checks again at once.
func (g *Guard) Wait(ctx context.Context, path zbs.Path, opts ...CheckOption) (Report, error) {
	for {
		report, err := g.Check(ctx, path, opts...)
		if errors.Is(err, ErrReportExpired) && ctx.Err() == nil {
			continue
		}
		pause := report.RetryAfter()
		if report.Verdict != Unknown || pause == 0 {
			return report, err
		}
		if sleep(ctx, pause) != nil {
			return report, report.Err(ctx.Err())
		}
	}
}

// deny is the report of the zero Guard.
func deny(path zbs.Path) (Report, error) {
	abort := proof.Reason{Code: proof.Invalid, Detail: "the Guard was not made by guard.New"}
	report := proof.NewReport(proof.Case{
		Volume: path, Terms: proof.DefaultTerms(), BeganAt: time.Now(), Evidence: proof.Evidence{Abort: abort},
	}, clock.Now())
	return report, report.Err(nil)
}

// run makes rounds until the verdict is definite, or no further round can change
// it in time.
func (c *check) run(ctx context.Context) {
	for {
		r, err := c.guard.round(ctx, []*check{c})
		if err == nil {
			r.run(ctx)
		}
		if ctx.Err() != nil {
			c.abort(ctx, proof.Interrupted, ctx.Err())
			return
		}
		c.take(r.result(0))
		due, more := c.next(c.decide())
		if !more {
			return
		}
		if sleep(ctx, time.Until(c.start.Add(due))) != nil {
			c.abort(ctx, proof.Interrupted, ctx.Err())
			return
		}
	}
}
