package guard

import (
	"context"
	"slices"
	"time"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// round asks all MDS once about the volumes of a batch.
//
// The order at each MDS is ping, lists, lists of other volumes. The ping says that the
// MDS serves the cluster and was synced; the other lists show that it can list. Where
// the ping does not say that the agent was synced, one other list between ping and
// lists must show a client. An agent that restarts before the list lists no client,
// and must be synced again before the other lists. So it deceives only if it is
// restarted after the ping and synced before the other lists, which takes longer than
// a span (Timing.Span), and a majority would have to do so in every round.
//
// A round ends when all MDS have answered. When it has proved all it can, or the
// silent MDS cannot help it, it waits for the rest as long again as it took, at most
// for patience. A later answer goes to the next round.
type round struct {
	*batch
	polls []*poll
	leave func() // ends the round's admission
	words testimonies

	unseen askState  // guarded by the batch's mutex
	ended  time.Time // guarded by the batch's mutex
}

// round returns a round about the volumes of the checks, once there is time for its
// queries. Without an error it must be run.
func (g *Guard) round(ctx context.Context, checks []*check) (*round, error) {
	r := &round{batch: newBatch(g, checks)}
	var volume zbs.Path
	if len(checks) == 1 {
		volume = r.lead.path
	}
	leave, err := g.rounds.enter(ctx, volume, r.lead.load.weight(r.queries(), r.lead.span()))
	if err != nil {
		return r, err
	}
	r.leave = leave
	r.began = time.Now()
	return r, nil
}

// run asks the MDS, and returns when the round is over.
func (r *round) run(ctx context.Context) {
	defer r.leave()
	if r.lead.Policy == First {
		r.runFirst(ctx)
		return
	}
	for _, addr := range r.guard.caller.Addrs() {
		r.polls = append(r.polls, newPoll(r.batch, addr))
	}
	for _, p := range r.polls {
		r.lead.under.Go(func() { p.run(ctx) })
	}
	r.await(ctx)
	r.end()
}

// end closes the round: what it has by now is its result.
func (r *round) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over, r.ended = true, time.Now()
	if r.ended.Sub(r.began) < impatience {
		return // a foreign client ended it before an MDS could be called silent
	}
	for _, p := range r.polls {
		if !p.done && p.ping.Outcome == proof.NotAsked {
			r.guard.silent.set(p.addr, true)
		}
	}
}

// slow reports whether the lists of an MDS took more than half of a span: then a batch
// should have fewer volumes.
func (r *round) slow() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.polls, func(p *poll) bool {
		return slices.ContainsFunc(p.lists, func(l proof.ListAnswer) bool {
			return l.Outcome == proof.Answered && time.Duration(l.Asked+l.Took) > r.lead.span()/2
		})
	})
}

// result returns the round by now, for the volume of check i.
func (r *round) result(i int) proof.Round {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, now := r.checks[i], r.ended
	if !r.over {
		now = time.Now()
	}
	result := proof.Round{Began: proof.Seconds(r.began.Sub(c.start)), Took: proof.Seconds(now.Sub(r.began))}
	for _, p := range r.polls {
		result.Observations = append(result.Observations, p.observation(i, now))
		if p.existence != nil {
			result.Existence = append(result.Existence, proof.Existence{MDS: p.addr, Answer: p.existence[i]})
		}
	}
	if r.over {
		result.Observations = append(result.Observations, c.takeLate()...)
	}
	result.Statements = r.words.about(c.path, r.began, now)
	return result
}
