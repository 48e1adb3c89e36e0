package guard

import (
	"context"
	"sync"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

// run sends the MDS all queries of the round. It stops after the ping if the MDS does not
// answer it, or is too old for it. It goes on after a refusal: the MDS may still list a
// client, which counts against the volume.
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
	case notServing: // its lists say all there is
	}
}

// serviceState is what the answer to a ping says about an MDS.
type serviceState uint8

const (
	notServing  serviceState = iota // no answer, or not of this cluster
	unversioned                     // serves, and names no agentVersion
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
