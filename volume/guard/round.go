package guard

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// round asks all MDS once about some volumes, whose checks share each MDS's ping
// and its lists of other volumes.
//
// The order at each MDS is ping, lists, lists of other volumes. Its ping says that
// it serves the cluster and was synced, the other lists that it can list. Where the
// ping does not say that it was synced, one other list between ping and lists has
// to show a client. An agent
// that restarts before the list lists nobody, and by the time of the other lists
// it has to be synced again: so it deceives only if it is restarted after the ping
// and synced before they are asked, which takes longer than a span (Timing.Span),
// and a majority would have to do so in every round.
//
// A round ends when all have answered. When it has proved all it can, or the MDS
// that are silent cannot help it, it waits for the rest as long again as it took,
// at most for patience. What arrives later goes to the next round.
type round struct {
	guard   *Guard
	checks  []*check
	lead    *check // whose terms, facts and inventory all checks share
	began   time.Time
	leave   func()        // ends the round's admission
	needed  proof.HostSet // hosts that must be visible, if nothing else accounts for them
	changed chan struct{}
	words   testimonies

	mu          sync.Mutex // guards what follows
	inspections []*inspection
	asked       bool // the Witness was asked
	heard       bool // and has answered
	over        bool
	ended       time.Time
}

// round returns a round about the volumes of the checks, once there is time for
// its questions. Without an error it must be run.
func (g *Guard) round(ctx context.Context, checks []*check) (*round, error) {
	r := &round{guard: g, checks: checks, lead: checks[0], changed: make(chan struct{}, 1)}
	r.findNeeded()
	var volume zbs.Path
	if len(checks) == 1 {
		volume = r.lead.path
	}
	leave, err := g.rounds.enter(ctx, volume, r.lead.load.weight(r.questions(), r.lead.span()))
	if err != nil {
		return r, err
	}
	r.leave = leave
	r.began = time.Now()
	return r, nil
}

// questions is about how many questions each MDS is asked in the round.
func (r *round) questions() int { return 3 + 2*len(r.checks) + r.needed.Len() }

// findNeeded finds the hosts in service with one of the pools, less those that the
// terms account for.
func (r *round) findNeeded() {
	inventory := r.lead.evidence.Hosts
	for i := range inventory.Len() {
		host := inventory.At(i)
		if host.State != InService || slices.Contains(r.lead.Allowed, host.Name) || r.lead.fenced(host.Name) {
			continue
		}
		if slices.ContainsFunc(r.checks, func(c *check) bool { return host.Attached(c.path.Pool) }) {
			r.needed.Add(i)
		}
	}
}

// fenced reports whether an attestation of the host holds for the check. A host
// whose attestation does not must be visible like others.
func (c *check) fenced(name string) bool {
	return slices.ContainsFunc(c.Fences, func(a Attestation) bool {
		age := c.wall.Sub(a.At)
		return a.Host == name && age >= 0 && age <= time.Duration(c.MaxFenceAge)
	})
}

// run asks, and returns when the round is over.
func (r *round) run(ctx context.Context) {
	defer r.leave()
	if r.lead.Policy == First {
		r.runFirst(ctx)
		return
	}
	for _, addr := range r.guard.caller.Addrs() {
		x := &inspection{round: r, addr: addr, lists: make([]proof.ListAnswer, len(r.checks))}
		r.inspections = append(r.inspections, x)
	}
	for _, x := range r.inspections {
		r.lead.under.Go(func() { x.run(ctx) })
	}
	r.await(ctx)
	r.end()
}

// await returns when no more is to be expected of the round.
func (r *round) await(ctx context.Context) {
	deadline := time.NewTimer(r.lead.span())
	defer deadline.Stop()
	var rest <-chan time.Time // runs once the round needs nobody any more
	for {
		news := r.guard.ids.news()
		switch r.state(ctx) {
		case roundDone:
			return
		case roundProved:
			if rest == nil {
				rest = time.After(min(max(time.Since(r.began), impatience), patience))
			}
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
	roundProved                   // what is still to come changes nothing, but a foreign client would
	roundDone                     // there is nothing to wait for
)

// state works out how far the round has come, and asks the Witness once it is
// known which hosts no MDS shows.
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

// waiting returns how many MDS have not answered all, and how many of these were
// silent before.
func (r *round) waiting() (waiting, silent int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, x := range r.inspections {
		if x.done && !(x.ping.Outcome == proof.Answered && r.guard.ids.serverPending(x.addr)) {
			continue
		}
		waiting++
		if x.ping.Outcome == proof.NotAsked && r.guard.silent.has(x.addr) {
			silent++
		}
	}
	return waiting, silent
}

// witnessed asks the Witness about the hosts, once, and reports whether it has
// answered or there is nothing to ask.
func (r *round) witnessed(ctx context.Context, unproved proof.HostSet) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	inventory := r.lead.evidence.Hosts
	if r.asked || r.lead.witness == nil || unproved.Len() == 0 {
		return !r.asked || r.heard
	}
	r.asked = true
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
		r.heard = true
		r.mu.Unlock()
		r.notify()
	})
	return false
}

// notify makes await look again.
func (r *round) notify() {
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// end closes the round: what it has is its result.
func (r *round) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over, r.ended = true, time.Now()
	if r.ended.Sub(r.began) < impatience {
		return // a foreign client ended it before anything could be called silent
	}
	for _, x := range r.inspections {
		if !x.done && x.ping.Outcome == proof.NotAsked {
			r.guard.silent.set(x.addr, true)
		}
	}
}

// slow reports whether some MDS that answered took most of a span over its lists,
// so that fewer volumes at a time would be wise.
func (r *round) slow() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.inspections, func(x *inspection) bool {
		return slices.ContainsFunc(x.lists, func(l proof.ListAnswer) bool {
			return l.Outcome == proof.Answered && time.Duration(l.Asked+l.Took) > r.lead.span()/2
		})
	})
}

// result is what is known of the volume of check i.
func (r *round) result(i int) proof.Round {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, now := r.checks[i], r.ended
	if !r.over {
		now = time.Now()
	}
	result := proof.Round{Began: proof.Seconds(r.began.Sub(c.start)), Took: proof.Seconds(now.Sub(r.began))}
	for _, x := range r.inspections {
		result.Observations = append(result.Observations, x.observation(i, now))
		if x.existence != nil {
			result.Existence = append(result.Existence, proof.Existence{MDS: x.addr, Answer: x.existence[i]})
		}
	}
	if r.over {
		result.Observations = append(result.Observations, c.takeLate()...)
	}
	result.Statements = r.words.about(c.path, r.began, now)
	return result
}
