package mds

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/zbsclient/zbsclient/mds/internal/wire"
	"github.com/zbsclient/zbsclient/zbs"
)

// perform asks the MDS once, within the attempt's time-out, and fills in how that
// ended.
func (a *attempt) perform(o op) {
	s := a.server
	defer a.end()
	s.tried.Store(s.sequence.Add(1))

	if a.mayBeSent() {
		a.ask(o)
	}
	a.Addr = s.addr
	a.Duration = time.Since(a.began)
	if !a.placed.IsZero() {
		a.served = a.Duration - a.placed.Sub(a.began)
	}
	if a.Err != nil {
		a.explainEnd()
	}
	a.teach(o)
	if a.Status == http.StatusNotFound && a.outcome == rejected {
		a.explainNotFound(o)
	}
}

// ask asks the MDS, once it is known that its agent reads the command as it is meant.
func (a *attempt) ask(o op) {
	if o.isMark() {
		a.askOnce(a.ctx, o.endpoint, false)
		return
	}
	if o.endpoint.Mode == zbs.Sync { // universal
		if r := a.post(a.ctx, o, nil); a.Err == nil {
			a.decode(o, r.Header, r.Body)
		}
		return
	}
	places, err := a.admit(a.ctx, o.endpoint.Repeat)
	if err != nil {
		a.fail(PhaseQueue, unsent, err)
		return
	}
	defer places.Release(1)
	for {
		suited, ok := a.suit(o)
		if !ok {
			return
		}
		if a.askAsync(a.ctx, suited); !a.again {
			return
		}
		a.again = false
		a.clear()
	}
}

// explainEnd says why an attempt failed that its call, its queue or its time-out has
// ended.
func (a *attempt) explainEnd() {
	switch {
	case a.caller.Err() != nil:
		a.outcome = cancelled
		a.Err = a.caller.Err()
	case a.progress.state() == withdrawn:
		a.outcome = requeued
	case a.ctx.Err() != nil && a.outcome != rejected && a.outcome != denied && a.outcome != withheld:
		a.outcome = timedOut
		if !errors.Is(a.Err, ErrBusy) && !isOurTimeout(a.Err) {
			a.Err = &a.limit
		}
	}
	if !a.Sent && (a.outcome == faulted || a.outcome == timedOut) {
		a.outcome = unsent
	}
	a.Err = wire.Bare(a.Err)
}

func isOurTimeout(err error) bool {
	var t *wire.TimeoutError
	return errors.As(err, &t)
}

// teach learns of the agent from the end of the attempt.
func (a *attempt) teach(o op) {
	agent := a.server.agent
	switch a.outcome {
	case answered, denied:
		agent.Hear()
		if !o.isMark() && o.endpoint == zbs.EndpointVolumeClients && !a.server.recall().Has(o.endpoint) {
			agent.Learn(o.endpoint, true)
		}
		if facts, ok := a.answer.(zbs.Facts); ok && facts.UUID != "" {
			agent.HasNamedCluster()
		}
	case rejected:
		if a.Status == http.StatusNotFound {
			if have := a.server.recall(); have.Has(o.endpoint) || !have.With(o.endpoint, false).Lacks(o.endpoint) {
				agent.Forget() // of an endpoint that every agent has, or that this one had
			}
			agent.Learn(o.endpoint, false)
		}
	case unsent, faulted, unrecognised:
		if a.Status == 0 && a.health() == unhealthy {
			agent.Forget() // it may come back as another one
		}
	default: // says nothing of the agent
	}
}

// explainNotFound says what it means that the agent has no such endpoint.
func (a *attempt) explainNotFound(o op) {
	old := a.server.recall().CheckAge()
	switch {
	case old != nil && o.endpoint.Universal():
		a.Err = fmt.Errorf("%w (%w)", old, a.Err)
	case !o.endpoint.Universal():
		a.Err = fmt.Errorf("%w: %w", zbs.ErrUnsupported, a.Err)
	}
}
