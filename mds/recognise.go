package mds

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/zbsclient/zbsclient/mds/internal/agent"
	"github.com/zbsclient/zbsclient/mds/internal/wire"
	"github.com/zbsclient/zbsclient/zbs"
)

// suit recognises the agent as far as the command needs it, and returns the call as
// this agent takes it. When it cannot be sent, the attempt says why and ok is false:
// then nothing of it was sent.
func (a *attempt) suit(o op) (suited op, ok bool) {
	if o.endpoint.Universal() {
		return o, true
	}
	s := a.server
	have := s.agent.Recall()
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
		has, ok := a.inquire(e, fresh)
		if !ok {
			return o, false
		}
		known = known.With(e, has)
	}
	command, err := zbs.Suit(o.command, o.endpoint, known)
	if err != nil && have.Capabilities == known && time.Since(have.Since) > agent.Memory {
		s.agent.Forget() // it may have been upgraded
		return a.suit(o)
	}
	if err != nil {
		a.fail(PhaseGeneration, unfit, err)
		return o, false
	}
	o.command = command
	return o, true
}

// inquire learns whether the agent has the endpoint. As long as another MDS can be
// asked it takes no longer than a hedge delay: this one is put behind the others, and
// then has all the time of an attempt.
func (a *attempt) inquire(e zbs.Endpoint, fresh bool) (has, ok bool) {
	ctx := a.ctx
	if bound := a.recognitionBound(); bound > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, bound, &wire.TimeoutError{What: "no answer", After: bound})
		defer cancel()
	}
	a.progress.enter(recognising, time.Since(a.began))
	if has, ok = a.askOnce(ctx, e, fresh); ok {
		a.placed = time.Time{} // the command has not been sent
		a.progress.enter(starting, 0)
		return has, true
	}
	a.Sent = false // of the command itself
	switch {
	case a.outcome == withheld:
		return false, false
	case ctx.Err() != nil && a.ctx.Err() == nil:
		a.outcome, a.Err = unrecognised, context.Cause(ctx)
	default:
		a.outcome = unsent
	}
	if a.Phase != PhaseDial && a.Phase != PhaseTLS && !errors.Is(a.Err, ErrBusy) { // it was reached
		a.Err = fmt.Errorf("not recognised: %w", wire.Bare(a.Err))
	}
	return false, false
}

func (a *attempt) recognitionBound() time.Duration {
	if a.rivals == nil {
		return 0
	}
	return a.rivals.recognitionBound()
}

// askOnce asks when it is this attempt's turn. Another one may have asked the same
// meanwhile.
func (a *attempt) askOnce(ctx context.Context, e zbs.Endpoint, fresh bool) (has, ok bool) {
	s := a.server
	if err := s.agent.Lock(ctx); err != nil {
		a.fail(PhaseWait, unsent, err)
		return false, false
	}
	defer s.agent.Unlock()
	have := s.agent.Recall()
	if have.Knows(e) && (!fresh || e == zbs.EndpointVolumeClients || have.Since.After(a.began)) {
		return have.Has(e), true
	}
	return a.askMark(ctx, markOp(e))
}

// askMark sends the request of markOp. ok is false when the response does not say
// whether the agent has the endpoint.
func (a *attempt) askMark(ctx context.Context, o op) (has, ok bool) {
	s := a.server
	s.agent.Ask()
	a.post(ctx, o, nil)
	status := a.Status
	switch {
	case status == http.StatusNotFound, status == http.StatusBadRequest,
		status == http.StatusOK && o.endpoint.Mode == zbs.Sync && a.Err == nil:
		has = status != http.StatusNotFound
		s.agent.Learn(o.endpoint, has)
		a.clear()
		return has, true
	case a.Err == nil:
		a.fail(PhaseDecode, faulted, fmt.Errorf("%w: no agent answers %d to a request without a task", zbs.ErrMalformed, status))
	}
	a.Sent = false
	return false, false
}
