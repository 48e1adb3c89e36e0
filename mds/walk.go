package mds

import (
	"context"
	"log/slog"
	"slices"

	"github.com/zbsclient/zbsclient/zbs"
)

// walk is one call on its way over the MDS: it only decides who is asked next.
type walk struct {
	caller   *Caller
	op       op
	call     callConfig
	attempts []Attempt
}

// run asks the candidates in order, each at most once. One whose breaker
// refuses is put off, not left out: should nobody else answer, it is asked
// after all, because a breaker may choose the order and never has the last word.
func (w *walk) run(ctx context.Context) (any, error) {
	var putOff []*node
	for _, n := range w.caller.candidates(w.call) {
		r, done := w.ask(ctx, n, n.guarded)
		if r.Phase == PhaseBreaker {
			putOff = append(putOff, n)
		} else if done {
			return w.end(ctx, r)
		}
	}
	for _, n := range putOff {
		w.forgetRefusal(n)
		if r, done := w.ask(ctx, n, n.insisted); done {
			return w.end(ctx, r)
		}
	}
	return nil, w.fail(ctx, true)
}

// ask makes one attempt and reports whether the walk ends with it.
func (w *walk) ask(ctx context.Context, n *node, how func(func() result) result) (result, bool) {
	if ctx.Err() != nil {
		return result{Attempt: Attempt{outcome: cancelled, Err: ctx.Err()}}, true
	}
	r := how(func() result { return w.caller.attempt(ctx, n, w.op, w.call) })
	w.attempts = append(w.attempts, r.Attempt)
	next := r.outcome.after(w.op.endpoint.Repeat, w.call.tryNext && !(w.call.oneNo && r.outcome == denied))
	w.log(ctx, r, next)
	return r, next != askNext
}

func (w *walk) end(ctx context.Context, r result) (any, error) {
	if r.outcome == answered {
		return r.answer, nil
	}
	return nil, w.fail(ctx, false)
}

func (w *walk) fail(ctx context.Context, exhausted bool) error {
	return &WalkError{
		Op:        w.op.endpoint.Name,
		Attempts:  w.attempts,
		Stop:      ctx.Err(),
		exhausted: exhausted && ctx.Err() == nil,
		mutation:  w.op.endpoint.Repeat != zbs.Read,
	}
}

// forgetRefusal drops the attempt that the node's breaker refused: what it
// does when it is asked after all takes its place.
func (w *walk) forgetRefusal(n *node) {
	kept := w.attempts[:0]
	for _, a := range w.attempts {
		if a.Addr != n.addr || a.Phase != PhaseBreaker {
			kept = append(kept, a)
		}
	}
	w.attempts = kept
}

func (w *walk) log(ctx context.Context, r result, next step) {
	logger := w.caller.cfg.logger
	level := slog.LevelDebug
	if next == askNext && r.Phase != PhaseBreaker {
		level = slog.LevelWarn
	}
	if !logger.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String(keyOp, w.op.endpoint.Name),
		slog.String(keyMDS, r.Addr.String()),
		slog.Duration(keyDuration, r.Duration),
	}
	if r.Err != nil {
		attrs = append(attrs, slog.String(keyPhase, string(r.Phase)), slog.Any(keyError, r.Err))
	}
	logger.LogAttrs(ctx, level, "mds attempt", attrs...)
}

// Keys of log records.
const (
	keyOp       = "op"
	keyMDS      = "mds"
	keyPhase    = "phase"
	keyError    = "error"
	keyDuration = "duration"
)

// candidates returns whom to ask, in order: as the router says for the key, and
// among these closed breakers first, half-open next, open last; behind all of
// them those that a Session knows to be disconnected.
func (c *Caller) candidates(cc callConfig) (nodes []*node) {
	if cc.target != nil {
		if n := c.byName[cc.target.String()]; n != nil {
			nodes = append(nodes, n)
		}
		return nodes
	}
	routed := c.nodes
	if cc.key != "" {
		routed = c.routed(cc.key)
	}
	byState := make(map[Breaker][]*node, 3)
	for _, n := range routed {
		state := n.state()
		byState[state] = append(byState[state], n)
	}
	for _, state := range []Breaker{BreakerClosed, BreakerHalfOpen, BreakerOpen} {
		nodes = append(nodes, byState[state]...)
	}
	slices.SortStableFunc(nodes, func(a, b *node) int { return a.rank() - b.rank() })
	return nodes
}

func (n *node) rank() int {
	if n.disconnected.Load() {
		return 1
	}
	return 0
}

// routed returns every node once, those that the router names first.
func (c *Caller) routed(key string) []*node {
	nodes := make([]*node, 0, len(c.nodes))
	seen := make(map[*node]bool, len(c.nodes))
	add := func(n *node) {
		if n != nil && !seen[n] {
			seen[n] = true
			nodes = append(nodes, n)
		}
	}
	for name := range c.router().Walk(key) {
		add(c.byName[name])
	}
	for _, n := range c.nodes {
		add(n)
	}
	return nodes
}
