package guard

import (
	"context"
	"sync"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

// run asks the MDS all questions of the round. One that does not answer its ping,
// or is too old to be sent one, is not asked on; one that refuses it may still know
// of a client, which counts against the volume.
func (p *poll) run(ctx context.Context) {
	defer p.finish()
	if !p.askPing(ctx) {
		return
	}
	var existence sync.WaitGroup
	defer existence.Wait()
	state, survey := p.service(), newSurvey(p)
	if state != notServing {
		existence.Go(func() { p.askExistence(ctx) })
	}
	if state == unversioned {
		survey.askBefore(ctx)
	}
	p.askLists(ctx)
	switch state {
	case unversioned:
		survey.runUnversioned(ctx)
	case serving:
		survey.run(ctx)
	}
}

// serviceState is what the ping of an MDS says.
type serviceState uint8

const (
	notServing  serviceState = iota // no answer, or not of this cluster
	unversioned                     // serves, and does not say whether it was synced
	serving
)

func (p *poll) service() serviceState {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.ping.Outcome != proof.Answered:
		return notServing
	case p.ping.AgentVersion == "":
		return unversioned
	}
	return serving
}

func (p *poll) finish() {
	p.mu.Lock()
	p.done = true
	p.mu.Unlock()
	p.notify()
}
