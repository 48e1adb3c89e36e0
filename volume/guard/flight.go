package guard

import (
	"context"
	"slices"
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// flightKey is what checks must have in common to share their rounds. Whom they
// allow does not matter for what is asked.
type flightKey struct {
	target target
	facts  zbs.Facts
	policy Policy
	timing Timing
	load   Load
}

// flight makes rounds of one volume, one after the other, as long as any check
// is on board. A check gets only rounds that began after it came: one that comes
// during a round waits for the next.
type flight struct {
	guard  *Guard
	key    flightKey
	cancel context.CancelFunc
	done   chan struct{}
	wake   chan struct{}

	aboard []*passenger // guarded by guard.mu
}

// passenger is one check on a flight.
type passenger struct {
	flight *flight
	rounds chan datedRound // takes all that the check needs
	served bool            // got a round; guarded by guard.mu
}

// datedRound is a round with when it began.
type datedRound struct {
	at time.Time
	Round
}

// board joins the flight for the check, or starts one.
func (g *Guard) board(ctx context.Context, c *check) *passenger {
	key := flightKey{c.target, c.facts, c.terms.Policy, c.terms.Timing, c.terms.load}
	g.mu.Lock()
	defer g.mu.Unlock()
	f := g.flights[key]
	if f == nil {
		f = &flight{guard: g, key: key, done: make(chan struct{}), wake: make(chan struct{}, 1)}
		ctx, f.cancel = context.WithCancel(context.WithoutCancel(ctx))
		g.flights[key] = f
		go f.run(ctx)
	}
	p := &passenger{flight: f, rounds: make(chan datedRound, c.terms.rounds())}
	f.aboard = append(f.aboard, p)
	return p
}

// leave takes the check off the flight. The last to leave ends it.
func (p *passenger) leave() {
	f, g := p.flight, p.flight.guard
	g.mu.Lock()
	f.aboard = slices.DeleteFunc(f.aboard, func(q *passenger) bool { return p == q })
	left := len(f.aboard)
	if left == 0 {
		delete(g.flights, f.key)
	}
	f.hurryLocked()
	g.mu.Unlock()
	if left == 0 {
		f.cancel()
		<-f.done
	}
}

func (f *flight) run(ctx context.Context) {
	defer close(f.done)
	weight := f.weight()
	for turn := 0; f.guard.busy.Acquire(ctx, weight) == nil; turn++ {
		passengers := f.boarded()
		in := inquiry{guard: f.guard, terms: f.key.terms(), facts: f.key.facts, targets: []target{f.key.target}, turn: turn}
		rounds, _ := in.run(ctx)
		f.guard.busy.Release(weight)
		if ctx.Err() != nil {
			return
		}
		f.deliver(passengers, datedRound{in.began, rounds[0]})
		f.pause(ctx)
	}
}

// busyLimit is how long the questions of all rounds under way may take one MDS by
// the Load: half of a span. When very many volumes are checked at once, rounds
// wait before they begin; within a round there is no time to wait.
const busyLimit = int64(DefaultSpan / 2)

// weight is what a round of the flight takes of busyLimit: three questions.
func (f *flight) weight() int64 {
	spans := 3 * f.key.load.every().Seconds() / f.key.timing.Span.Seconds()
	return min(int64(spans*float64(DefaultSpan)), busyLimit)
}

func (k flightKey) terms() Terms {
	return Terms{Policy: k.policy, Timing: k.timing, load: k.load}
}

// boarded returns who came before the round that begins now.
func (f *flight) boarded() []*passenger {
	f.guard.mu.Lock()
	defer f.guard.mu.Unlock()
	return slices.Clone(f.aboard)
}

func (f *flight) deliver(passengers []*passenger, r datedRound) {
	f.guard.mu.Lock()
	defer f.guard.mu.Unlock()
	for _, p := range passengers {
		p.served = true
		select {
		case p.rounds <- r:
		default: // it has all it needs and is about to leave
		}
	}
	select {
	case <-f.wake: // from within the round, before these were served
	default:
	}
	f.hurryLocked()
}

// hurryLocked ends the pause when nobody is aboard who needs the interval.
func (f *flight) hurryLocked() {
	if slices.ContainsFunc(f.aboard, func(p *passenger) bool { return p.served }) {
		return
	}
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// pause waits for the next round: the interval, or until only checks are left
// that have not had one.
func (f *flight) pause(ctx context.Context) {
	timer := time.NewTimer(f.key.timing.RoundInterval)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-f.wake:
	case <-ctx.Done():
	}
}
