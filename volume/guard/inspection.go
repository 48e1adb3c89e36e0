package guard

import (
	"context"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// inspection is what one MDS is asked and answers in a round. The mutex of the
// round guards the answers.
type inspection struct {
	round *round
	addr  zbs.Addr

	ping       proof.PingAnswer
	cluster    string             // what it named when it refused the ping
	lists      []proof.ListAnswer // by check
	existence  []proof.Answer     // by check; nil: not asked
	survey     *proof.Survey      // nil until the inspection is done
	generation string             // of an agent that never tells its version
	done       bool
}

// run asks the MDS all questions of the round. One that does not answer its ping,
// or is too old to be sent one, is not asked on; one that refuses it may still know
// of a client, which counts against the volume.
func (x *inspection) run(ctx context.Context) {
	defer x.finish()
	if !x.askPing(ctx) {
		return
	}
	var existence sync.WaitGroup
	defer existence.Wait()
	state, survey := x.service(), newSurvey(x)
	if state != notServing {
		existence.Go(func() { x.askExistence(ctx) })
	}
	if state == untold {
		survey.askBefore(ctx)
	}
	x.askLists(ctx)
	switch state {
	case untold:
		survey.askUntold(ctx)
	case serving:
		survey.run(ctx)
	}
}

// serviceState is what the ping of an MDS says.
type serviceState uint8

const (
	notServing serviceState = iota // no answer, or not of this cluster
	untold                         // serves, and does not say whether it was synced
	serving
)

func (x *inspection) service() serviceState {
	x.round.mu.Lock()
	defer x.round.mu.Unlock()
	switch {
	case x.ping.Outcome != proof.Answered:
		return notServing
	case x.ping.AgentVersion == "":
		return untold
	}
	return serving
}

// askPing reports whether the MDS answered, if only with a refusal: then it is
// asked which cluster it belongs to.
func (x *inspection) askPing(ctx context.Context) bool {
	r := x.round
	if r.lead.facts.UUID == "" {
		return true // there is no cluster to ask for, but a client counts without one
	}
	asker, pace := r.guard.asker, r.lead.pace()
	reply := asker.ping(ctx, x.addr, r.lead.facts, pace)
	cluster := ""
	if reply.outcome == proof.Refused {
		cluster = once(ctx, asker, x.addr, pace, zbs.GetFacts{}).value.UUID
	}
	if reply.outcome != proof.NoAnswer {
		r.guard.silent.set(x.addr, false)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over && reply.outcome == proof.NoAnswer {
		return false
	}
	x.ping = proof.PingAnswer{Answer: reply.answer(r.began), AgentVersion: reply.value.AgentVersion}
	x.cluster = cluster
	return reply.outcome != proof.NoAnswer && reply.outcome != proof.TooOld
}

// askLists asks for the clients of all volumes, a few at a time.
func (x *inspection) askLists(ctx context.Context) {
	r := x.round
	each(len(r.checks), r.lead.load.Parallel, func(i int) {
		reply := r.guard.asker.clients(ctx, x.addr, r.checks[i].volume, r.lead.pace())
		x.listed(i, listAnswer(reply, r.began))
	})
}

// each does work for all of n, so many at a time.
func each(n, atOnce int, work func(i int)) {
	var wg sync.WaitGroup
	next := make(chan int)
	for range min(atOnce, n) {
		wg.Go(func() {
			for i := range next {
				work(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}

// listed takes a list. One that comes after the round goes to the next.
func (x *inspection) listed(i int, list proof.ListAnswer) {
	r := x.round
	r.mu.Lock()
	late := r.over
	x.lists[i] = list
	o := proof.Observation{MDS: x.addr, Cluster: x.cluster, Ping: x.ping, Clients: list, Late: true}
	r.mu.Unlock()
	switch {
	case late && len(list.Clients) > 0:
		r.checks[i].addLate(o)
	case len(list.Clients) > 0 && len(r.checks) == 1:
		r.notify() // a foreign client ends the round
	}
}

// askExistence asks whether the volumes exist: of one volume by a query, of
// several by one per pool.
func (x *inspection) askExistence(ctx context.Context) {
	r := x.round
	answers := make([]proof.Answer, len(r.checks))
	if len(r.checks) == 1 {
		answers[0] = r.guard.asker.query(ctx, x.addr, r.lead.volume, r.lead.pace()).answer(r.began)
	} else {
		byPool := make(map[string][]int) // places in checks
		for i, c := range r.checks {
			byPool[c.path.Pool] = append(byPool[c.path.Pool], i)
		}
		for _, places := range byPool {
			x.existInPool(ctx, places, answers)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	x.existence = answers
}

func (x *inspection) existInPool(ctx context.Context, places []int, answers []proof.Answer) {
	r := x.round
	volumes := make([]zbs.CBDPath, len(places))
	for i, place := range places {
		volumes[i] = r.checks[place].volume
	}
	reply := once(ctx, r.guard.asker, x.addr, r.lead.pace(), zbs.QueryVolumes{Paths: volumes})
	if reply.outcome == proof.Refused || reply.outcome == proof.Missing {
		// An agent refuses a batch for reasons that say nothing of a volume: one of
		// its pool, such as that it has no volumes at all, or that its generation
		// refuses every batch.
		each(len(places), r.lead.load.Parallel, func(i int) {
			answers[places[i]] = r.guard.asker.query(ctx, x.addr, volumes[i], r.lead.pace()).answer(r.began)
		})
		return
	}
	for _, place := range places {
		volume := r.checks[place].volume
		answers[place] = reply.answer(r.began)
		if _, there := reply.value.Volumes[volume.String()]; reply.outcome == proof.Answered && !there {
			answers[place].Outcome, answers[place].Error = proof.Missing, "not in the answer"
		}
	}
}

func (x *inspection) finish() {
	x.round.mu.Lock()
	x.done = true
	x.round.mu.Unlock()
	x.round.notify()
}

// observation is what the MDS has said of the volume of check i by now. The mutex
// of the round is held.
func (x *inspection) observation(i int, now time.Time) proof.Observation {
	o := proof.Observation{MDS: x.addr, Cluster: x.cluster, Ping: x.ping, Clients: x.lists[i], Survey: x.survey, Generation: x.generation}
	waited := proof.Answer{Took: proof.Seconds(now.Sub(x.round.began)), Outcome: proof.NoAnswer, Error: "no answer by the end of the round"}
	switch {
	case x.done || x.round.lead.facts.UUID == "":
	case o.Ping.Outcome == proof.NotAsked:
		o.Ping.Answer = waited
	case o.Clients.Outcome == proof.NotAsked:
		o.Clients.Answer = waited
	}
	return o
}

// firstTimeout bounds each attempt under the policy First: what ZStack gives this
// query.
const firstTimeout = 30 * time.Second

// runFirst asks as ZStack does: one MDS after the other until one answers.
func (r *round) runFirst(ctx context.Context) {
	for i, c := range r.checks {
		var trace mds.Trace
		asked := time.Since(r.began)
		reply, _ := mds.Call(ctx, r.guard.caller, zbs.GetVolumeClients{Path: c.volume}, mds.TryNext(),
			mds.Timeout(min(firstTimeout, r.guard.caller.AttemptTimeout())), mds.RouteKey(c.path.String()), mds.Record(&trace))
		for _, a := range trace.Attempts {
			outcome, text := outcomeOf(a.Err)
			list := proof.ListAnswer{Answer: proof.Answer{Asked: proof.Seconds(asked + a.Began), Took: proof.Seconds(a.Duration), Outcome: outcome, Error: text}}
			if outcome == proof.Answered {
				list.Clients = reply.Clients
			}
			x := &inspection{round: r, addr: a.Addr, lists: make([]proof.ListAnswer, len(r.checks)), done: true}
			x.lists[i] = list
			r.inspections = append(r.inspections, x)
		}
	}
	r.end()
}
