package mds

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/zbsclient/zbsclient/zbs"
)

// Recognise finds out of which generation the agent of an MDS is, as far as that
// can be told apart (zbs.Capabilities.Next). It sends a handful of small requests
// that no agent executes, and none for what is known already. ctx bounds all of
// them, and the attempt time-out each, or Timeout; other options have no effect.
//
// An agent that is too old is no error. For an MDS that is not in the list the
// error is ErrNoCandidates; otherwise it is a *WalkError.
func Recognise(ctx context.Context, c *Caller, addr zbs.Addr, opts ...CallOption) (zbs.Capabilities, error) {
	n := c.byName[addr.String()]
	if n == nil {
		return zbs.Capabilities{}, fmt.Errorf("recognise %s: %w", addr, ErrNoCandidates)
	}
	cc := callConfig{timeout: c.cfg.attemptTimeout}
	for _, opt := range opts {
		opt(&cc)
	}
	for {
		have := n.agent.recall().Capabilities
		e, more := have.Next()
		if !more {
			return have, nil
		}
		r := c.attempt(newTry(ctx, n, cc.timeout), markOp(e), &cc)
		n.breaker.report(r.health())
		if r.Err != nil {
			return have, &WalkError{Op: "recognise", Attempts: []Attempt{r.Attempt}, exhausted: true}
		}
	}
}

// markOp asks whether the agent has the endpoint. Nothing runs: an asynchronous
// endpoint refuses a request without a task id with 400, and a synchronous one
// refuses a form. Where there is no such endpoint it is a 404.
func markOp(e zbs.Endpoint) op {
	e.Repeat = zbs.Read
	return op{endpoint: e, command: struct{}{}, mark: true}
}

// suit recognises the agent as far as the command needs it, and returns the call
// as this agent takes it. When it cannot be sent, the result says why and ok is
// false: then nothing of it was sent.
func (c *Caller) suit(ctx context.Context, t *try, o op) (suited op, r result, ok bool) {
	if o.endpoint.Universal() {
		return o, result{}, true
	}
	have := t.node.agent.recall()
	known := have.Capabilities
	fresh := o.secret != ""
	if fresh { // no password leaves on the strength of what an agent was earlier
		known = zbs.Capabilities{}
	}
	for {
		e, more := zbs.NextFor(o.command, o.endpoint, known)
		if !more {
			break
		}
		if known, r = c.askFor(ctx, t, e, known, fresh); r.Err != nil {
			return o, r, false
		}
	}
	command, err := zbs.Suit(o.command, o.endpoint, known)
	if err != nil && have.Capabilities == known && time.Since(have.since) > memory {
		t.node.agent.forget() // it may have been upgraded
		return c.suit(ctx, t, o)
	}
	if err != nil {
		return o, result{Attempt: Attempt{Phase: PhaseGeneration, Err: err, outcome: unfit}}, false
	}
	o.command = command
	return o, result{}, true
}

// askFor learns whether the agent has the endpoint. As long as another MDS can be
// asked it takes no longer than a hedge delay: this one is put behind the others,
// and then has all the time of an attempt.
func (c *Caller) askFor(ctx context.Context, t *try, e zbs.Endpoint, known zbs.Capabilities, fresh bool) (zbs.Capabilities, result) {
	if bound := t.recognitionBound(); bound > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, bound, &timeoutError{what: "no answer", after: bound})
		defer cancel()
	}
	t.recognising.Store(max(1, int64(time.Since(t.began))))
	defer t.recognising.Store(0)
	r := c.askOnce(ctx, t, e, fresh)
	if ctx.Err() != nil && t.ctx.Err() == nil && r.Err != nil {
		r.Err, r.late = context.Cause(ctx), true
	}
	if r.Err != nil {
		r.Sent = false // of the command itself
		if r.outcome == withheld {
			return known, r
		}
		r.outcome = unsent
		if r.Phase != PhaseDial && r.Phase != PhaseTLS && !errors.Is(r.Err, ErrBusy) { // it was reached
			r.Err = fmt.Errorf("not recognised: %w", bare(r.Err))
		}
		return known, r
	}
	t.placed.Store(nil) // the command has not been sent
	return known.With(e, r.answer.(bool)), result{}
}

// askOnce asks when it is this attempt's turn. Another one may have asked the same
// meanwhile.
func (c *Caller) askOnce(ctx context.Context, t *try, e zbs.Endpoint, fresh bool) result {
	a := &t.node.agent
	if err := a.learning.Acquire(ctx, 1); err != nil {
		return response{}.failed(PhaseWait, unsent, context.Cause(ctx)).result
	}
	defer a.learning.Release(1)
	have := a.recall()
	if have.Knows(e) && (!fresh || e == zbs.EndpointVolumeClients || have.since.After(t.began)) {
		return result{answer: have.Has(e)}
	}
	return c.askMark(ctx, t, markOp(e))
}

// askMark sends the request of markOp. The answer is true when the agent has the
// endpoint.
func (c *Caller) askMark(ctx context.Context, t *try, o op) result {
	a := &t.node.agent
	a.asked.Add(1)
	r := c.post(ctx, t, o, nil).result
	switch {
	case r.Status == http.StatusNotFound, r.Status == http.StatusBadRequest,
		r.Status == http.StatusOK && o.endpoint.Mode == zbs.Sync && r.Err == nil:
		has := r.Status != http.StatusNotFound
		a.learn(o.endpoint, has)
		return result{Attempt: Attempt{Status: r.Status}, answer: has}
	case r.Err == nil:
		r = response{result: r}.failed(PhaseDecode, faulted, fmt.Errorf("%w: no agent answers %d to a request without a task", zbs.ErrMalformed, r.Status)).result
	}
	r.Sent = false
	return r
}

// refusable makes a request for a synchronous endpoint one that is refused before
// the agent's handler runs.
func refusable(req *retryablehttp.Request) {
	req.Header = req.Header.Clone()
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
}
