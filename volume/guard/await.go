package guard

import (
	"context"
	"time"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// await returns when the round needs no more answers, or its time is over.
func (r *round) await(ctx context.Context) {
	deadline := time.NewTimer(r.lead.span())
	defer deadline.Stop()
	var rest <-chan time.Time // fires after roundProved
	for {
		news := r.guard.ids.news()
		switch r.state(ctx) {
		case roundDone:
			return
		case roundProved:
			if rest == nil {
				rest = time.After(min(max(time.Since(r.began), impatience), patience))
			}
		case roundAsking: // every answer counts
		}
		select {
		case <-r.changed:
		case <-news:
		case <-rest:
			return
		case <-deadline.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// roundState is how far a round has come.
type roundState uint8

const (
	roundAsking roundState = iota // needs more answers
	roundProved                   // only a foreign client can still change its result
	roundDone                     // has nothing to wait for
)

// state returns how far the round has come. It asks the Witness as soon as it is known
// which hosts no MDS shows.
func (r *round) state(ctx context.Context) roundState {
	waiting, silent := r.waiting()
	proved := true
	var unproved proof.HostSet
	for i, c := range r.checks {
		d := c.decide(r.result(i))
		worth := d.Rounds[len(d.Rounds)-1]
		if d.Verdict == InUse && len(r.checks) == 1 {
			return roundDone
		}
		unproved.Join(worth.Unproved)
		if !worth.Counts && min(worth.Proved, worth.Listing)+waiting-silent >= c.proofCase().Needs() {
			proved = false
		}
	}
	listed := waiting == 0 || proved
	if listed && !r.witnessed(ctx, unproved) {
		return roundAsking
	}
	switch {
	case waiting == 0, listed && waiting == silent:
		return roundDone
	case proved:
		return roundProved
	}
	return roundAsking
}

// waiting returns how many MDS have not answered every query, and how many of these were
// silent before.
func (r *round) waiting() (waiting, silent int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.polls {
		if p.done && !(p.ping.Outcome == proof.Answered && r.guard.ids.serverPending(p.addr)) {
			continue
		}
		waiting++
		if p.ping.Outcome == proof.NotAsked && r.guard.silent.has(p.addr) {
			silent++
		}
	}
	return waiting, silent
}

// askState is how far a round has come with the hosts that no MDS shows.
type askState uint8

const (
	hostsNotAsked askState = iota
	hostsAsked
	hostsAnswered // for every host, or the time is over
)

// witnessed asks the Witness about the hosts, once, and reports whether it has
// answered or there is nothing to ask.
func (r *round) witnessed(ctx context.Context, unproved proof.HostSet) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.unseen != hostsNotAsked {
		return r.unseen == hostsAnswered
	}
	if r.lead.witness == nil || unproved.Len() == 0 {
		return true
	}
	r.unseen = hostsAsked
	inventory := r.lead.evidence.Hosts
	var hosts []Host
	for i := range inventory.Len() {
		if unproved.Has(i) {
			hosts = append(hosts, inventory.At(i))
		}
	}
	volumes := make([]zbs.Path, len(r.checks))
	for i, c := range r.checks {
		volumes[i] = c.path
	}
	r.lead.under.Go(func() {
		r.words.ask(ctx, r.lead.witness, hosts, volumes, r.lead.span())
		r.mu.Lock()
		r.unseen = hostsAnswered
		r.mu.Unlock()
		r.notify()
	})
	return false
}
