package mds

import (
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
