package mds

import (
	"slices"
	"time"
)

// start begins the first attempt. It returns nil when there is no MDS to ask.
func (c *call) start() *attempt {
	c.candidates = append(c.candidateSpace[:0], c.cluster.candidates(&c.opts)...)
	c.attempts = c.attemptSpace[:0]
	c.began = time.Now()
	why := WhyFirst
	if c.opts.target != nil {
		why = WhyTargeted
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.nextLocked(why)
}

// run makes the attempt and those that follow from it, and returns when none is under
// way.
func (c *call) run(first *attempt) {
	c.follow(first)
	c.others.Wait()
}

// follow makes the attempt, and then each attempt that replaces it.
func (c *call) follow(a *attempt) {
	for a != nil {
		ctx, end := c.shared.cfg.hooks.attempt(a.ctx, c.op.endpoint, a.server.addr)
		a.ctx = ctx
		a.perform(c.op)
		next := c.ended(a)
		c.count(a)
		end(a.Attempt)
		c.log(a, next)
		a = c.replace(a, next)
	}
}

// ended takes the end of an attempt and says what comes next. The breaker gets its
// report before another MDS is chosen.
func (c *call) ended(a *attempt) step {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a.discard != answered {
		a.loses()
	}
	if a.outcome == lost && a.served > 0 && c.winner != nil {
		a.served = max(a.served, c.winner.served) // it might have been slower, not quicker
	}
	a.server.report(a.health())
	a.progress.enter(done, 0)
	if c.state.over() {
		return stop
	}
	next := a.outcome.after(c.op.endpoint.Repeat, c.opts.tryNext && !(c.opts.oneRefusal && a.outcome == denied))
	if c.hedged() && a.deniesExistence() {
		if c.denials++; c.denials == 2 {
			c.agreed = time.Now()
		}
	}
	switch next {
	case finish:
		c.winner = a
		c.overLocked(won)
	case stop:
		if a.outcome == withheld {
			c.refusal = a.Err
			if !a.Sent {
				c.returnTokenLocked(a)
			}
		}
		c.overLocked(stopped)
	case askNext: // replace does
	}
	return next
}

// replace begins the attempt that follows one that has ended, if any.
func (c *call) replace(a *attempt, next step) *attempt {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state.over() || next != askNext {
		return nil
	}
	m := afterFailure(a.outcome, c.laterLocked(a))
	if m.do == requeue {
		c.requeueLocked(a)
	}
	switch {
	case c.absentLocked(), m.do == rest:
		return nil
	case m.why == WhySlow:
		c.state = starved // nothing was sent: that costs no token
		return c.nextLateLocked()
	default:
		return c.nextLocked(m.why)
	}
}

// nextLocked begins an attempt at the best candidate. It returns nil when none is left,
// or none may be asked now.
func (c *call) nextLocked(why Why) *attempt {
	if c.ctx.Err() != nil {
		c.overLocked(stopped)
		return nil
	}
	if len(c.candidates) == 0 && len(c.tardy) > 0 {
		c.candidates, c.tardy, c.lastRound = c.tardy, nil, true
	}
	for len(c.candidates) > 0 {
		i := best(c.candidates)
		s := c.candidates[i]
		token := slices.ContainsFunc(c.attempts, (*attempt).mayHaveReached)
		verdict := admitted
		if token && !c.shared.budget.Take() {
			token = false
			verdict = admit(c.state, why, s.breaker.Healthy(), c.newestLocked() != nil)
		}
		if verdict == deferred {
			return nil
		}
		c.candidates = slices.Delete(c.candidates, i, i+1)
		if verdict == admitted {
			return c.beginLocked(s, why, token)
		}
		c.refused = append(c.refused, s)
	}
	if c.newestLocked() == nil {
		c.overLocked(exhausted)
	}
	return nil
}

// nextLateLocked is nextLocked when an attempt takes long. When no candidate may be
// asked yet, the call is starved and looks again after a while.
func (c *call) nextLateLocked() *attempt {
	a := c.nextLocked(WhySlow)
	if a == nil && !c.state.over() && len(c.candidates) > 0 {
		c.state = starved
		c.lookLocked(patienceFactor * c.delay)
	}
	return a
}

func (c *call) beginLocked(s *server, why Why, token bool) *attempt {
	a := &c.first
	if a.server != nil {
		a = &attempt{}
	}
	a.begin(c.ctx, s, c.opts.timeout)
	a.rivals, a.allowed, a.token = c, c.opts.valid, token
	a.Why, a.Breaker, a.Began = why, s.state(), a.began.Sub(c.began)
	s.tally(c.op.endpoint.Name).attempts.Add(1)
	c.attempts = append(c.attempts, a)
	if c.hedged() && (len(c.candidates) > 0 || c.denials > 0) {
		c.state, c.delay = asking, c.cluster.hedgeDelay(s, c.op.endpoint.Name)
		c.lookLocked(c.delay)
	}
	return a
}

// absentLocked ends a read when its answer is that the volume or pool does not exist:
// an MDS said so, no candidate is likely to answer, and the attempts under way are late.
// It reports whether no other MDS is asked.
func (c *call) absentLocked() bool {
	if c.denials == 0 {
		return false
	}
	newest := c.newestLocked()
	if newest == nil && len(c.candidates) == 0 {
		return false // all have answered
	}
	stuck := newest != nil && newest.progress.state() == queued && c.patienceLocked(newest) <= 0
	for _, s := range c.candidates {
		if !stuck && mayContradict(c.denials, c.state, s.breaker.Healthy(), s.state()) {
			return false
		}
	}
	var left time.Duration
	for _, a := range c.attempts {
		if !a.done() {
			left = max(left, c.patienceLocked(a))
		}
	}
	if left > 0 {
		c.lookLocked(left)
		return true
	}
	c.overLocked(absent)
	return true
}

// patienceLocked returns how long the answer of an attempt is still waited for after
// others said that the volume or pool does not exist.
func (c *call) patienceLocked(a *attempt) time.Duration {
	delay := c.cluster.hedgeDelay(a.server, c.op.endpoint.Name)
	silent := a.onTheWay()
	switch {
	case silent == 0: // it waits for us: that is no silence of the MDS
		return absenceWait(1, delay) - time.Since(a.began)
	case c.denials > 1:
		silent = min(silent, time.Since(c.agreed))
	}
	return absenceWait(c.denials, delay) - silent
}

// lookLocked looks at the newest attempt after a while.
func (c *call) lookLocked(after time.Duration) {
	if c.timer == nil {
		c.timer = time.AfterFunc(after, c.look)
		return
	}
	c.timer.Reset(after)
}

// look runs when the newest attempt may have taken longer than its hedge delay.
func (c *call) look() {
	if a := c.startLate(); a != nil {
		defer c.others.Done()
		c.follow(a)
	}
}

func (c *call) startLate() *attempt {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.newestLocked()
	if c.state.over() || a == nil || c.absentLocked() {
		return nil // the end of an attempt goes on
	}
	n := newest{state: a.progress.state(), onTheWay: a.onTheWay(), delay: c.delay}
	if n.state == queued && len(c.candidates) > 0 {
		n.better = c.candidates[best(c.candidates)].standing().betterThan(a.server.standing())
	}
	switch m := whenLate(n); m.do {
	case withdraw:
		a.withdraw()
	case look:
		c.lookLocked(m.after)
	case ask:
		if late := c.nextLateLocked(); late != nil {
			c.others.Add(1)
			return late
		}
	default: // the end of the attempt goes on
	}
	return nil
}
