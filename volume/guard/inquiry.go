package guard

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// target is a volume to be asked about, and the canary that proves the answer.
type target struct{ volume, canary zbs.CBDPath }

// inquiry asks the MDS one round of questions about some volumes, which share
// each MDS's ping and canary.
//
// The order at each MDS that shall count is ping, lists, canary. Its ping says
// that it serves the cluster and was synced, its canary afterwards that it can
// list. An agent that restarted before the list lists nobody, and by the canary
// it has to be synced again: so it deceives only if it was restarted after the
// ping and synced before the canary, which takes longer than a span
// (Timing.Span), and a majority would have to do so in every round. With the
// canary first, a restart between canary and list would pass.
type inquiry struct {
	guard   *Guard
	terms   Terms
	facts   zbs.Facts
	targets []target
	turn    int // of the MDS that is asked first
	began   time.Time
}

// witness is what one MDS answered.
type witness struct {
	addr      zbs.Addr
	ping      PingAnswer
	cluster   string
	lists     []ListAnswer // by target
	canaries  map[zbs.CBDPath]ListAnswer
	existence []Answer // by target; nil: not asked
	slow      bool     // its lists took most of the span
}

// run asks, and returns a round per target, with Began unset. It also reports
// whether some MDS took so long over the lists that fewer targets would be wise.
func (in *inquiry) run(ctx context.Context) (rounds []Round, slow bool) {
	in.began = time.Now()
	if in.terms.Policy == First {
		return in.runFirst(ctx), false
	}
	order := in.order()
	need := in.terms.Policy.needs(len(order))
	if in.facts.UUID == "" {
		need = 0 // there is no cluster to ask for by ping, but a client counts all the same
	}
	witnesses := in.questionAll(ctx, order, need)
	if 0 < need && need < len(order) && ctx.Err() == nil && !(in.known(witnesses) && in.proved(witnesses)) {
		// Those that were only asked for their lists stand in. They are asked
		// for these again, behind their ping.
		rest := order[need:]
		witnesses = append(witnesses, in.questionAll(ctx, rest, len(rest))...)
	}
	return in.rounds(witnesses), slices.ContainsFunc(witnesses, func(w witness) bool { return w.slow })
}

// order is in which order the MDS are asked: those whose breaker is closed
// first, among these a different one first in each round, so that over the
// rounds more of them prove that they can list.
func (in *inquiry) order() []zbs.Addr {
	addrs := in.guard.caller.Addrs()
	turn := in.turn % len(addrs)
	order := slices.Concat(addrs[turn:], addrs[:turn])
	slices.SortStableFunc(order, func(a, b zbs.Addr) int { return in.sick(a) - in.sick(b) })
	return order
}

func (in *inquiry) sick(addr zbs.Addr) int {
	if in.guard.caller.Breaker(addr) == mds.BreakerClosed {
		return 0
	}
	return 1
}

// questionAll asks all of them at once, the first full ones for everything and
// the others for the lists alone. It takes a span at most.
func (in *inquiry) questionAll(ctx context.Context, addrs []zbs.Addr, full int) []witness {
	deadline := time.Now().Add(in.terms.Timing.Span)
	witnesses := make([]witness, len(addrs))
	var wg sync.WaitGroup
	for i, addr := range addrs {
		wg.Go(func() { witnesses[i] = in.question(ctx, addr, deadline, i < full, i == 0) })
	}
	wg.Wait()
	in.askExistence(ctx, witnesses, deadline)
	return witnesses
}

// proved reports whether enough MDS count for each target, by the rules that
// need no other round.
func (in *inquiry) proved(witnesses []witness) bool {
	terms := in.terms
	terms.ExpectCluster = in.facts.UUID
	addrs := in.guard.caller.Addrs()
	for _, round := range in.rounds(witnesses) {
		j := judging{terms: terms, ev: Evidence{MDS: addrs, Rounds: []Round{round}}, counted: []int{0}}
		j.identify()
		j.shown()
		if j.round(0); j.counted[0] < terms.Policy.needs(len(addrs)) {
			return false
		}
	}
	return true
}

// question asks one MDS. One that does not answer its ping is not asked on; one
// that refuses it may still know of a client, which counts against the volume.
func (in *inquiry) question(ctx context.Context, addr zbs.Addr, deadline time.Time, full, existence bool) witness {
	w := witness{addr: addr, lists: make([]ListAnswer, len(in.targets))}
	if full {
		in.ping(ctx, &w, deadline)
		if w.ping.Outcome == NoAnswer {
			return w
		}
		if existence && w.ping.Outcome == Answered {
			w.existence = in.exists(ctx, addr, deadline)
		}
	}
	began := time.Now()
	in.list(ctx, &w, deadline)
	w.slow = time.Since(began) > in.terms.Timing.Span/2 &&
		slices.ContainsFunc(w.lists, func(l ListAnswer) bool { return l.Outcome == Answered })
	if w.ping.AgentVersion != "" {
		w.canaries = make(map[zbs.CBDPath]ListAnswer)
		for _, t := range in.targets {
			if _, asked := w.canaries[t.canary]; !asked {
				w.canaries[t.canary] = in.clients(ctx, addr, t.canary, deadline)
			}
		}
	}
	return w
}

// ping also finds out which cluster the MDS belongs to if it refuses.
func (in *inquiry) ping(ctx context.Context, w *witness, deadline time.Time) {
	reply, answer := ask(ctx, in, w.addr, deadline, zbs.Ping{Cluster: in.facts})
	w.ping = PingAnswer{Answer: answer, AgentVersion: reply.AgentVersion}
	if answer.Outcome == Refused {
		facts, _ := ask(ctx, in, w.addr, deadline, zbs.GetFacts{})
		w.cluster = facts.UUID
	}
}

// list asks for the clients of all targets, a few at a time.
func (in *inquiry) list(ctx context.Context, w *witness, deadline time.Time) {
	var wg sync.WaitGroup
	next := make(chan int)
	for range min(in.terms.load.Parallel, len(in.targets)) {
		wg.Go(func() {
			for i := range next {
				w.lists[i] = in.clients(ctx, w.addr, in.targets[i].volume, deadline)
			}
		})
	}
	for i := range in.targets {
		next <- i
	}
	close(next)
	wg.Wait()
}

func (in *inquiry) clients(ctx context.Context, addr zbs.Addr, path zbs.CBDPath, deadline time.Time) ListAnswer {
	reply, answer := ask(ctx, in, addr, deadline, zbs.GetVolumeClients{Path: path})
	return ListAnswer{Answer: answer, Clients: reply.Clients}
}

// ask puts one question to one MDS, and no other in its place.
func ask[R any](ctx context.Context, in *inquiry, addr zbs.Addr, deadline time.Time, command zbs.Command[R]) (R, Answer) {
	var reply R
	answer := in.timed(ctx, addr, deadline, func(opts ...mds.CallOption) (err error) {
		reply, err = mds.Call(ctx, in.guard.caller, command, opts...)
		return err
	})
	return reply, answer
}

// timed makes a call in its turn, within what is left of the span.
func (in *inquiry) timed(ctx context.Context, addr zbs.Addr, deadline time.Time, call func(...mds.CallOption) error) Answer {
	inTurn := in.guard.pacers[addr].wait(ctx, in.terms.load.every(), deadline)
	asked := time.Now()
	if !inTurn {
		return Answer{Asked: Seconds(asked.Sub(in.began)), Outcome: NoAnswer, Error: "no time left to ask"}
	}
	outcome, text := outcomeOf(call(mds.Target(addr), mds.Timeout(deadline.Sub(asked))))
	return Answer{Seconds(asked.Sub(in.began)), Seconds(time.Since(asked)), outcome, text}
}

// outcomeOf reads an error of a call to one MDS.
func outcomeOf(err error) (Outcome, string) {
	if err == nil {
		return Answered, ""
	}
	text := err.Error()
	if walk, ok := errors.AsType[*mds.WalkError](err); ok && len(walk.Attempts) == 1 {
		text = walk.Attempts[0].Err.Error()
	}
	if no, ok := errors.AsType[*zbs.AgentError](err); ok {
		if no.NotFound() {
			return Missing, no.Reason()
		}
		return Refused, no.Reason()
	}
	if _, ok := errors.AsType[*mds.StatusError](err); ok {
		return Refused, text
	}
	if errors.Is(err, zbs.ErrMalformed) {
		return Malformed, text
	}
	return NoAnswer, text
}

// rounds gives each target its part of what the witnesses said.
func (in *inquiry) rounds(witnesses []witness) []Round {
	took := Seconds(time.Since(in.began))
	rounds := make([]Round, len(in.targets))
	for i, t := range in.targets {
		r := Round{Took: took, Observations: make([]Observation, len(witnesses))}
		for k, w := range witnesses {
			r.Observations[k] = Observation{w.addr, w.cluster, w.ping, w.lists[i], w.canaries[t.canary]}
			if w.existence != nil {
				r.Existence = append(r.Existence, Existence{w.addr, w.existence[i]})
			}
		}
		rounds[i] = r
	}
	return rounds
}

// firstTimeout bounds each attempt under the policy First: what ZStack gives this
// query.
const firstTimeout = 30 * time.Second

// runFirst asks as ZStack does: one MDS after the other until one answers.
func (in *inquiry) runFirst(ctx context.Context) []Round {
	rounds := make([]Round, len(in.targets))
	for i, t := range in.targets {
		var trace mds.Trace
		asked := Seconds(time.Since(in.began))
		reply, _ := mds.Call(ctx, in.guard.caller, zbs.GetVolumeClients{Path: t.volume}, mds.TryNext(), mds.RefuseOld(),
			mds.Timeout(min(firstTimeout, in.guard.caller.AttemptTimeout())), mds.RouteKey(t.volume.Path.String()), mds.Record(&trace))
		for _, a := range trace.Attempts {
			outcome, text := outcomeOf(a.Err)
			o := Observation{MDS: a.Addr, Clients: ListAnswer{Answer: Answer{asked + Seconds(a.Began), Seconds(a.Duration), outcome, text}}}
			if outcome == Answered {
				o.Clients.Clients = reply.Clients
			}
			rounds[i].Observations = append(rounds[i].Observations, o)
		}
	}
	for i := range rounds {
		rounds[i].Took = Seconds(time.Since(in.began))
	}
	return rounds
}
