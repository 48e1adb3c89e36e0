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

// Check finds out whether any host but the allowed ones has the volume open. The
// report is filled whatever the error. The error is nil only for a report that is
// Free and valid now; otherwise it is an *InUseError or an *UndeterminedError,
// which match ErrInUse and ErrUndetermined and say which hosts, or why.
//
// InUse is known as soon as one MDS lists a foreign client. Free takes
// Timing.Rounds rounds and what lies between, 13 s with the defaults, and longer
// when a disturbance spoils a round; no check takes longer than proof.Terms.Longest,
// 91 s by default. It changes nothing on the MDS.
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

// Wait checks until the answer is InUse or Free, and returns it as Check does.
// It gives up, with the last report, when ctx ends or when asking again comes to
// nothing (proof.Invalid). Between checks it waits as their reasons say. A report
// that expired before it could be told is checked again.
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
	halt := proof.Reason{Code: proof.Invalid, Detail: "the Guard was not made by guard.New"}
	report := proof.NewReport(proof.Case{
		Volume: path, Terms: proof.DefaultTerms(), BeganAt: time.Now(), Evidence: proof.Evidence{Halt: halt},
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
			c.halt(ctx, proof.Interrupted, ctx.Err())
			return
		}
		c.take(r.result(0))
		due, more := c.next(c.decide())
		if !more {
			return
		}
		if sleep(ctx, time.Until(c.start.Add(due))) != nil {
			c.halt(ctx, proof.Interrupted, ctx.Err())
			return
		}
	}
}
