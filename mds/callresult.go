package mds

import (
	"slices"

	"github.com/zbsclient/zbsclient/zbs"
)

// result returns the answer, or an error that names every MDS that was asked or
// should have been.
func (c *call) result() (any, error) {
	c.eachSkipped(func(s *server, r SkipReason) { s.tally(c.op.endpoint.Name).skipped[r].Add(1) })
	if c.winner != nil {
		c.shared.budget.Earn()
		return c.winner.answer, nil
	}
	stop := c.ctx.Err()
	if c.refusal != nil {
		stop = c.refusal
	}
	e := &CallError{
		Op: c.op.endpoint.Name, Attempts: c.records(), Stop: stop,
		repeat: c.op.endpoint.Repeat, state: c.state,
	}
	for _, s := range c.refused {
		e.Attempts = append(e.Attempts, Attempt{
			Addr: s.addr, Breaker: s.state(), Phase: PhaseBreaker, Err: &notAsked{s.lastFailure.Load()}, outcome: unsent,
		})
	}
	return nil, e
}

// trace returns what each MDS did with the call.
func (c *call) trace() Trace { return Trace{Attempts: c.records(), Skipped: c.skipped()} }

func (c *call) records() []Attempt {
	records := make([]Attempt, 0, len(c.attempts))
	for _, a := range c.attempts {
		records = append(records, a.Attempt)
	}
	return records
}

// skipped returns the MDS that the call did not ask, and why.
func (c *call) skipped() []Skip {
	var all []Skip
	skip := func(s *server, r SkipReason) { all = append(all, Skip{s.addr, s.state(), r}) }
	c.eachSkipped(skip)
	if c.opts.target == nil && len(c.opts.except) == 0 {
		return all
	}
	for _, s := range c.cluster.servers {
		switch {
		case c.opts.target != nil && s.addr != *c.opts.target:
			skip(s, OtherTargeted)
		case c.opts.target == nil && slices.Contains(c.opts.except, s.addr):
			skip(s, Excepted)
		}
	}
	return all
}

// eachSkipped visits the candidates that were not asked.
func (c *call) eachSkipped(visit func(*server, SkipReason)) {
	for _, s := range c.refused {
		visit(s, BudgetSpent)
	}
	for _, s := range c.candidates {
		visit(s, c.whyNot(s))
	}
	for _, s := range c.tardy {
		visit(s, c.whyNot(s))
	}
}

func (c *call) whyNot(s *server) SkipReason {
	switch {
	case c.winner == nil:
		return CallEnded
	case s.disconnected.Load():
		return BehindForSession
	case !s.breaker.Healthy():
		return BehindForBreaker
	default:
		return NotNeeded
	}
}

// publish hands the trace to the call's Records, and to the hooks.
func (c *call) publish(end func(Trace, error), err error) {
	if end == nil && len(c.opts.traces) == 0 {
		return
	}
	trace := c.trace()
	for _, t := range c.opts.traces {
		*t = trace
	}
	if end != nil {
		end(trace, err)
	}
}

// failedCandidates returns the candidates that a read passes over because they failed,
// as long as the MDS that is asked first did not: in a total outage calls alone are
// load enough.
func (c *call) failedCandidates(first *attempt) (failed []*server) {
	if c.op.endpoint.Repeat != zbs.Read || first == nil || !first.server.breaker.Healthy() {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.candidates {
		if !s.breaker.Healthy() {
			failed = append(failed, s)
		}
	}
	return failed
}
