package guard

import (
	"context"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// poll is what one MDS is asked and answers in a round. The mutex of the batch guards
// the answers.
type poll struct {
	*batch
	addr zbs.Addr

	ping       proof.PingAnswer
	cluster    string             // what it named when it refused the ping
	lists      []proof.ListAnswer // by check
	existence  []proof.Answer     // by check; nil: not asked
	survey     *proof.Survey      // nil until the poll is done
	generation string             // of an agent that never names a version
	done       bool
}

func newPoll(b *batch, addr zbs.Addr) *poll {
	return &poll{batch: b, addr: addr, lists: make([]proof.ListAnswer, len(b.checks))}
}

// askPing pings the MDS. If the MDS refuses, askPing asks for its cluster. It reports
// whether the MDS answered either way.
func (p *poll) askPing(ctx context.Context) bool {
	if p.lead.facts.UUID == "" {
		return true // there is no cluster to ping with, but a client counts without one
	}
	querier, limits := p.guard.querier, p.lead.limits()
	reply := querier.ping(ctx, p.addr, p.lead.facts, limits)
	cluster := ""
	if reply.outcome == proof.Refused {
		cluster = once(ctx, querier, p.addr, limits, zbs.GetFacts{}).value.UUID
	}
	if reply.outcome != proof.NoAnswer {
		p.guard.silent.set(p.addr, false)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over && reply.outcome == proof.NoAnswer {
		return false
	}
	p.ping = proof.PingAnswer{Answer: reply.answer(p.began), AgentVersion: reply.value.AgentVersion}
	p.cluster = cluster
	return reply.outcome != proof.NoAnswer && reply.outcome != proof.TooOld
}

// askLists asks for the clients of all volumes, a few at a time.
func (p *poll) askLists(ctx context.Context) {
	each(len(p.checks), p.lead.load.Parallel, func(i int) {
		reply := p.guard.querier.clients(ctx, p.addr, p.checks[i].volume, p.lead.limits())
		p.listed(i, listAnswer(reply, p.began))
	})
}

// each calls work with 0 to n-1, at most atOnce at a time.
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

// listed keeps a list. If the round is over, the list goes to the next one.
func (p *poll) listed(i int, list proof.ListAnswer) {
	p.mu.Lock()
	late := p.over
	p.lists[i] = list
	o := proof.Observation{MDS: p.addr, Cluster: p.cluster, Ping: p.ping, Clients: list, Late: true}
	p.mu.Unlock()
	switch {
	case late && len(list.Clients) > 0:
		p.checks[i].addLate(o)
	case len(list.Clients) > 0 && len(p.checks) == 1:
		p.notify() // a foreign client ends the round
	}
}

// askExistence asks whether the volumes exist, with one query per pool if there are
// several.
func (p *poll) askExistence(ctx context.Context) {
	answers := make([]proof.Answer, len(p.checks))
	if len(p.checks) == 1 {
		answers[0] = p.guard.querier.query(ctx, p.addr, p.lead.volume, p.lead.limits()).answer(p.began)
	} else {
		byPool := make(map[string][]int) // places in checks
		for i, c := range p.checks {
			byPool[c.path.Pool] = append(byPool[c.path.Pool], i)
		}
		for _, places := range byPool {
			p.existInPool(ctx, places, answers)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.existence = answers
}

func (p *poll) existInPool(ctx context.Context, places []int, answers []proof.Answer) {
	volumes := make([]zbs.CBDPath, len(places))
	for i, place := range places {
		volumes[i] = p.checks[place].volume
	}
	reply := once(ctx, p.guard.querier, p.addr, p.lead.limits(), zbs.QueryVolumes{Paths: volumes})
	if reply.outcome == proof.Refused || reply.outcome == proof.Missing {
		// A refusal of a batch says nothing about a volume. The pool may have no volumes
		// at all, or the agent may have no batch query.
		each(len(places), p.lead.load.Parallel, func(i int) {
			answers[places[i]] = p.guard.querier.query(ctx, p.addr, volumes[i], p.lead.limits()).answer(p.began)
		})
		return
	}
	for _, place := range places {
		volume := p.checks[place].volume
		answers[place] = reply.answer(p.began)
		if _, there := reply.value.Volumes[volume.String()]; reply.outcome == proof.Answered && !there {
			answers[place].Outcome, answers[place].Error = proof.Missing, "not in the answer"
		}
	}
}

// observation returns what the MDS has answered about the volume of check i by now. The
// mutex of the batch is held.
func (p *poll) observation(i int, now time.Time) proof.Observation {
	o := proof.Observation{MDS: p.addr, Cluster: p.cluster, Ping: p.ping, Clients: p.lists[i], Survey: p.survey, Generation: p.generation}
	waited := proof.Answer{Took: proof.Seconds(now.Sub(p.began)), Outcome: proof.NoAnswer, Error: "no answer by the end of the round"}
	switch {
	case p.done || p.lead.facts.UUID == "":
	case o.Ping.Outcome == proof.NotAsked:
		o.Ping.Answer = waited
	case o.Clients.Outcome == proof.NotAsked:
		o.Clients.Answer = waited
	}
	return o
}
