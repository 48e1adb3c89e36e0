package mds

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// call is one call under way. It keeps who was asked and how that ended, and does what
// decide.go decides. A command that changes something goes to one MDS after the other.
// For a read with TryNext the next attempt also begins while those before it are under
// way, when the newest has taken longer than its hedge delay.
type call struct {
	cluster *cluster
	shared  *shared
	op      op
	opts    callConfig
	ctx     context.Context
	began   time.Time
	others  sync.WaitGroup // attempts beside the one in the caller's goroutine

	mu         sync.Mutex // guards what follows
	state      callState
	candidates []*server  // not asked yet, in the order of the router; behind them those that were requeued
	attempts   []*attempt // in the order they began
	refused    []*server  // not asked for want of a retry token
	tardy      []*server  // requeued because they were not recognised in time
	timer      *time.Timer
	delay      time.Duration // hedge delay of the newest attempt
	winner     *attempt
	refusal    error // of SendOnlyWhile

	candidateSpace [4]*server // room for small clusters, and calls that need no second attempt
	attemptSpace   [4]*attempt
	first          attempt
}

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

// hedged reports whether attempts may overlap.
func (c *call) hedged() bool {
	return c.op.endpoint.Repeat == zbs.Read && c.opts.tryNext && c.shared.cfg.hedge.On()
}

// follow makes the attempt, and then each that is made in its place.
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
	}
	return next
}

// replace begins the attempt that is made in place of one that has ended, if any.
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
	case m.do == rest:
		return nil
	case m.why == WhySlow:
		c.state = starved // nothing was sent: that costs no token
		return c.nextLateLocked()
	default:
		return c.nextLocked(m.why)
	}
}

// laterLocked reports whether an attempt that began after a is under way.
func (c *call) laterLocked(a *attempt) bool {
	later := c.attempts[slices.Index(c.attempts, a)+1:]
	return slices.ContainsFunc(later, func(other *attempt) bool { return !other.done() })
}

// requeueLocked puts the MDS of an attempt behind the others, as if it had not been
// asked: no request of the call was sent. Another attempt takes over its retry token.
func (c *call) requeueLocked(a *attempt) {
	c.attempts = slices.DeleteFunc(c.attempts, func(other *attempt) bool { return other == a })
	c.candidates = append(c.candidates, a.server)
	if a.outcome == unrecognised {
		c.tardy = append(c.tardy, a.server)
	}
	c.returnTokenLocked(a)
}

func (c *call) returnTokenLocked(a *attempt) {
	if a.token {
		c.shared.budget.Return()
	}
}

// overLocked ends the call: attempts that are under way lose. An attempt that began
// before the winner was slow, if its request was out.
func (c *call) overLocked(state callState) {
	c.state = state
	if c.timer != nil {
		c.timer.Stop()
	}
	before := c.winner != nil
	for _, a := range c.attempts {
		switch {
		case a == c.winner:
			before = false
		case !a.done():
			a.discard = lost
			if before && a.asked() {
				a.discard = slow
			}
			a.cancel()
		}
	}
}

// nextLocked begins an attempt at the best candidate. It returns nil when none is left,
// or none may be asked now.
func (c *call) nextLocked(why Why) *attempt {
	if c.ctx.Err() != nil {
		c.overLocked(stopped)
		return nil
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
	if c.hedged() && len(c.candidates) > 0 {
		c.state, c.delay = asking, c.cluster.hedgeDelay(s, c.op.endpoint.Name)
		c.lookLocked(c.delay)
	}
	return a
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
	if c.state.over() || a == nil {
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
	}
	return nil
}

// newestLocked returns the attempt under way that began last, nil if there is none.
func (c *call) newestLocked() *attempt {
	for _, a := range slices.Backward(c.attempts) {
		if !a.done() {
			return a
		}
	}
	return nil
}

// prefersAnother is what an attempt asks that has waited for its turn.
func (c *call) prefersAnother(than *server) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.candidates) > 0 && c.candidates[best(c.candidates)].standing().rank < than.standing().rank
}

// recognitionBound bounds how long an agent may take to be recognised, as long as a
// candidate is left that has not been too late with it. A read whose attempts overlap
// needs no bound.
func (c *call) recognitionBound() time.Duration {
	if c.hedged() {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.ContainsFunc(c.candidates, func(s *server) bool { return !slices.Contains(c.tardy, s) }) {
		return 0
	}
	return c.shared.cfg.hedge.Most
}

// count adds the attempt to the counters of its MDS.
func (c *call) count(a *attempt) {
	t := a.server.tally(c.op.endpoint.Name)
	t.ended[a.outcome].Add(1)
	a.observe(t)
}

func (c *call) log(a *attempt, next step) {
	logger := c.shared.cfg.logger
	level := slog.LevelDebug
	if next == askNext {
		level = slog.LevelWarn
	}
	if !logger.Enabled(c.ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String(keyOp, c.op.endpoint.Name),
		slog.String(keyMDS, a.Addr.String()),
		slog.Duration(keyDuration, a.Duration),
	}
	if a.Err != nil {
		attrs = append(attrs, slog.String(keyPhase, string(a.Phase)), slog.Any(keyError, a.Err))
	}
	logger.LogAttrs(c.ctx, level, "mds attempt", attrs...)
}

// Keys of log records.
const (
	keyOp       = "op"
	keyMDS      = "mds"
	keyPhase    = "phase"
	keyError    = "error"
	keyDuration = "duration"
)
