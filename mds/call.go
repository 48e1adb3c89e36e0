package mds

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// call is one call under way: which MDS were asked, how that ended, and which are left.
// follow.go does what decide.go decides. A command that changes something goes to one
// MDS after the other. For a read with TryNext the next attempt also begins while others
// are under way, when the newest has taken longer than its hedge delay.
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
	tardy      []*server  // not recognised in time: asked again when no other is left
	lastRound  bool       // the tardy ones are candidates again, and have all the time of an attempt
	timer      *time.Timer
	delay      time.Duration // hedge delay of the newest attempt
	winner     *attempt
	agreed     time.Time // when the second said so
	denials    int       // how many MDS said that the volume or pool does not exist; of a read
	refusal    error     // of SendOnlyWhile

	candidateSpace [4]*server // room for small clusters, and calls that need no second attempt
	attemptSpace   [4]*attempt
	first          attempt
}

// hedged reports whether attempts may overlap.
func (c *call) hedged() bool {
	return c.op.endpoint.Repeat == zbs.Read && c.opts.tryNext && c.shared.cfg.hedge.On()
}

// requeueLocked puts the MDS of an attempt behind the others, as if it had not been
// asked: no request of the call was sent. Another attempt takes over its retry token.
func (c *call) requeueLocked(a *attempt) {
	c.attempts = slices.DeleteFunc(c.attempts, func(other *attempt) bool { return other == a })
	if a.outcome == unrecognised {
		c.tardy = append(c.tardy, a.server)
	} else {
		c.candidates = append(c.candidates, a.server)
	}
	c.returnTokenLocked(a)
}

func (c *call) returnTokenLocked(a *attempt) {
	if a.token {
		c.shared.budget.Return()
	}
}

// laterLocked reports whether an attempt that began after a is under way.
func (c *call) laterLocked(a *attempt) bool {
	later := c.attempts[slices.Index(c.attempts, a)+1:]
	return slices.ContainsFunc(later, func(other *attempt) bool { return !other.done() })
}

// overLocked ends the call: attempts that are under way lose. An attempt that began
// before the winner was slow, if its request was out. So was one that the call did not
// wait for because others said that the volume does not exist.
func (c *call) overLocked(state callState) {
	c.state = state
	if c.timer != nil {
		c.timer.Stop()
	}
	before := c.winner != nil || state == absent
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

// recognitionBound bounds how long an agent may take to be recognised, as long as
// another MDS can be asked. It holds once for each MDS of the call. A read whose
// attempts overlap needs no bound.
func (c *call) recognitionBound() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.hedged() || c.lastRound || len(c.candidates)+len(c.tardy) == 0 {
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
