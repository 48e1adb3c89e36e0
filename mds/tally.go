package mds

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zbsclient/zbsclient/mds/internal/hedge"
	"github.com/zbsclient/zbsclient/zbs"
)

// tally counts what one endpoint at one MDS was asked and answered, and what
// else is kept by endpoint. Counting takes no lock and no memory.
type tally struct {
	attempts, probes atomic.Uint64
	ended            [lastOutcome + 1]atomic.Uint64
	skipped          [lastSkip + 1]atomic.Uint64
	usual            hedge.Latency
	latency          liveHistogram
	template         atomic.Pointer[template]
}

func (t *tally) snapshot() Counts {
	ended := func(o outcome) uint64 { return t.ended[o].Load() }
	skipped := func(r SkipReason) uint64 { return t.skipped[r].Load() }
	return Counts{
		Attempts:  t.attempts.Load(),
		Answered:  ended(answered),
		Refused:   ended(rejected) + ended(denied) + ended(unfit),
		Failed:    ended(unsent) + ended(faulted) + ended(timedOut),
		Overtaken: ended(overtaken),
		Cancelled: ended(cancelled) + ended(outrun) + ended(withheld),
		PutOff:    ended(putOff),
		Probes:    t.probes.Load(),

		NotNeeded:           skipped(NotNeeded),
		SkippedBreaker:      skipped(BehindForBreaker),
		SkippedDisconnected: skipped(BehindForSession),
		SkippedBudget:       skipped(BudgetSpent),
		SkippedStopped:      skipped(CallEnded),

		Latency: t.latency.snapshot(),
	}
}

func (c Counts) plus(d Counts) Counts {
	return Counts{
		Attempts:  c.Attempts + d.Attempts,
		Answered:  c.Answered + d.Answered,
		Refused:   c.Refused + d.Refused,
		Failed:    c.Failed + d.Failed,
		Overtaken: c.Overtaken + d.Overtaken,
		Cancelled: c.Cancelled + d.Cancelled,
		PutOff:    c.PutOff + d.PutOff,
		Probes:    c.Probes + d.Probes,

		NotNeeded:           c.NotNeeded + d.NotNeeded,
		SkippedBreaker:      c.SkippedBreaker + d.SkippedBreaker,
		SkippedDisconnected: c.SkippedDisconnected + d.SkippedDisconnected,
		SkippedBudget:       c.SkippedBudget + d.SkippedBudget,
		SkippedStopped:      c.SkippedStopped + d.SkippedStopped,

		Latency: c.Latency.plus(d.Latency),
	}
}

// byEndpoint is a map of what is kept by endpoint. Looking up takes no lock: the
// map is replaced as a whole when an endpoint is used for the first time. The
// zero map is empty.
type byEndpoint[T any] struct {
	adding sync.Mutex
	all    atomic.Pointer[map[string]*T]
}

func (b *byEndpoint[T]) get(endpoint string) *T {
	if all := b.all.Load(); all != nil {
		if v := (*all)[endpoint]; v != nil {
			return v
		}
	}
	b.adding.Lock()
	defer b.adding.Unlock()
	grown := maps.Clone(b.snapshot())
	if grown == nil {
		grown = make(map[string]*T)
	}
	v := grown[endpoint]
	if v == nil {
		v = new(T)
		grown[endpoint] = v
		b.all.Store(&grown)
	}
	return v
}

// snapshot returns the map, which must not be changed.
func (b *byEndpoint[T]) snapshot() map[string]*T {
	if all := b.all.Load(); all != nil {
		return *all
	}
	return nil
}

// names returns the endpoints in order.
func (b *byEndpoint[T]) names() []string { return slices.Sorted(maps.Keys(b.snapshot())) }

// callTally counts the calls of one endpoint.
type callTally struct{ succeeded, failed atomic.Uint64 }

// failure is the last attempt at an MDS that failed.
type failure struct {
	err error
	at  time.Time
}

// Stats returns what the Caller has counted so far. Counters go on while it is
// taken: those of an attempt that ends meanwhile may be in it in part.
func (c *Caller) Stats() Stats {
	s := Stats{Budget: c.budget.Left()}
	byName := make(map[string]Counts)
	for _, n := range c.nodes {
		m := n.stats()
		for _, e := range m.Endpoints {
			byName[e.Endpoint] = byName[e.Endpoint].plus(e.Counts)
		}
		s.MDS = append(s.MDS, m)
	}
	for _, name := range c.calls.names() {
		calls := c.calls.get(name)
		failed := calls.failed.Load()
		s.Endpoints = append(s.Endpoints, EndpointStats{
			Endpoint: name, Calls: calls.succeeded.Load() + failed, Failed: failed, Counts: byName[name],
		})
	}
	return s
}

func (n *node) stats() MDSStats {
	m := MDSStats{
		Addr: n.addr, Breaker: n.breaker.state(), Disconnected: n.disconnected.Load(), InFlight: int(n.inFlight.Load()),
		Recognitions: n.agent.asked.Load(),
	}
	if f := n.lastFailure.Load(); f != nil {
		m.LastErr, m.LastErrAt = f.err, f.at
	}
	for _, name := range n.tallies.names() {
		counts := n.tally(name).snapshot()
		m.Counts = m.Counts.plus(counts)
		m.Endpoints = append(m.Endpoints, NamedCounts{name, counts})
	}
	return m
}

// tally returns the tally of the endpoint.
func (n *node) tally(endpoint string) *tally { return n.tallies.get(endpoint) }

// count adds an attempt of a call that has ended.
func (n *node) count(e zbs.Endpoint, r result) {
	n.tally(e.Name).ended[r.outcome].Add(1)
	n.observe(e, r)
}

// observe takes what an attempt or a probe tells of the MDS.
func (n *node) observe(e zbs.Endpoint, r result) {
	t := n.tally(e.Name)
	switch r.outcome {
	case answered, denied:
		t.usual.Observe(r.served)
		t.latency.observe(r.served)
	case overtaken:
		t.usual.AtLeast(r.served)
	case outrun:
		t.usual.AtLeastFirst(r.served)
	}
	if r.health() == unhealthy {
		n.lastFailure.Store(&failure{r.Err, time.Now()})
	}
}
