package mds

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/zbsclient/zbsclient/zbs"
)

// memory is how long what is known of an agent holds after its last answer. An
// agent that is replaced by one of another release is down for a while, and all
// that time it answers nothing.
const memory = time.Minute

// agent is what is known of the agent of an MDS. It is safe for concurrent use.
type agent struct {
	born     time.Time    // heard counts from then
	heard    atomic.Int64 // when the agent last answered, in nanoseconds; 0: never
	known    atomic.Pointer[knowledge]
	learning *semaphore.Weighted // one attempt at a time asks the agent
	asked    atomic.Uint64       // requests sent to learn something
	// dropsRepeated: the agent drops a request whose task id it has in work. That
	// was seen on agents whose facts name the cluster.
	dropsRepeated atomic.Bool
}

// knowledge is replaced as a whole, never changed.
type knowledge struct {
	zbs.Capabilities
	since time.Time // when the first of it was learned
}

func newAgent() agent { return agent{born: time.Now(), learning: semaphore.NewWeighted(1)} }

// recall returns what is known, and nothing when that is too old to be relied on.
func (a *agent) recall() knowledge {
	k := a.known.Load()
	if k == nil || time.Since(a.born)-time.Duration(a.heard.Load()) > memory {
		return knowledge{}
	}
	return *k
}

// learn adds what the agent has shown.
func (a *agent) learn(e zbs.Endpoint, has bool) zbs.Capabilities {
	a.hear()
	for {
		old := a.known.Load()
		next := knowledge{since: time.Now()}
		if old != nil && old.Capabilities != (zbs.Capabilities{}) {
			next = *old
		}
		next.Capabilities = next.With(e, has)
		if a.known.CompareAndSwap(old, &next) {
			return next.Capabilities
		}
	}
}

// forget makes the next call ask again.
func (a *agent) forget() { a.known.Store(nil) }

// hear notes that the agent answered.
func (a *agent) hear() { a.heard.Store(max(1, int64(time.Since(a.born)))) }

// take learns from the end of an attempt.
func (a *agent) take(o op, r result) {
	switch {
	case r.outcome == answered || r.outcome == denied:
		a.hear()
		if !o.mark && o.endpoint == zbs.EndpointVolumeClients && !a.recall().Has(o.endpoint) {
			a.learn(o.endpoint, true)
		}
		if facts, ok := r.answer.(zbs.Facts); ok && facts.UUID != "" {
			a.dropsRepeated.Store(true)
		}
	case r.outcome == rejected && r.Status == http.StatusNotFound:
		if have := a.recall(); have.Has(o.endpoint) || !have.With(o.endpoint, false).Lacks(o.endpoint) {
			a.forget() // of an endpoint that every agent has, or that this one had
		}
		a.learn(o.endpoint, false)
	case (r.outcome == unsent || r.outcome == faulted) && r.Status == 0 && r.health() == unhealthy:
		a.forget() // it may come back as another one
	}
}

// explain says what it means that the agent has no such endpoint.
func (a *agent) explain(o op, r result) result {
	if r.outcome != rejected || r.Status != http.StatusNotFound {
		return r
	}
	old := a.recall().CheckAge()
	switch {
	case old != nil && o.endpoint.Universal():
		r.Err = fmt.Errorf("%w (%w)", old, r.Err)
	case !o.endpoint.Universal():
		r.Err = fmt.Errorf("%w: %w", zbs.ErrUnsupported, r.Err)
	}
	return r
}

// Capabilities returns what is known of the agent of an MDS, without asking it. It
// knows nothing of one that is not in the list, that was not asked yet, or that has
// not answered for a minute.
func (c *Caller) Capabilities(addr zbs.Addr) zbs.Capabilities {
	if n := c.byName[addr.String()]; n != nil {
		return n.agent.recall().Capabilities
	}
	return zbs.Capabilities{}
}
