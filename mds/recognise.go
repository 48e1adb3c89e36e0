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

const (
	// markTimeout bounds one question to an agent, which answers it at once unless all
	// its threads are taken. An MDS that came back answers over a new connection.
	markTimeout = 5 * time.Second
	// passwordMemory is how long a password may wait for a connection after the agent
	// has shown that it needs the password.
	passwordMemory = time.Second
)

// suit recognises the agent as far as the command needs it, and returns the call as
// this agent takes it. When it cannot be sent, the attempt says why and ok is false:
// then nothing of it was sent.
func (a *attempt) suit(o op) (suited op, ok bool) {
	if o.endpoint.Universal() {
		return o, true
	}
	s := a.server
	have := s.recall()
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
	o.command, a.recognised = command, time.Now()
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
		a.outcome = unrecognised
	default:
		a.outcome = unsent
	}
	if ctx.Err() != nil && !errors.Is(a.Err, ErrBusy) {
		a.Err = context.Cause(ctx)
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
// meanwhile. A question that is not answered for long is asked anew over another
// connection, after those that wait for their turn.
func (a *attempt) askOnce(ctx context.Context, e zbs.Endpoint, fresh bool) (has, ok bool) {
	for {
		has, ok, again := a.askInTurn(ctx, e, fresh)
		if !again || ctx.Err() != nil {
			return has, ok
		}
		a.clear()
	}
}

func (a *attempt) askInTurn(ctx context.Context, e zbs.Endpoint, fresh bool) (has, ok, again bool) {
	s := a.server
	if s.agent.Lock(ctx) != nil {
		a.fail(PhaseQueue, unsent, fmt.Errorf("%w: another attempt finds out what its agent can do", ErrBusy))
		return false, false, false
	}
	defer s.agent.Unlock()
	have := s.recall()
	if have.Knows(e) && (!fresh || have.Since.After(a.began)) {
		return have.Has(e), true, false
	}
	once, cancel := context.WithTimeout(ctx, markTimeout)
	defer cancel()
	has, ok = a.askMark(once, markOp(e))
	return has, ok, !ok && a.outcome != withheld && once.Err() != nil && ctx.Err() == nil
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
