// Package agent remembers what the agent of an MDS can do.
package agent

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/zbsclient/zbsclient/zbs"
)

// Memory is how long what is known of an agent holds after its last answer. An agent
// that is replaced by one of another release is down for a while, and all that time it
// answers nothing.
const Memory = time.Minute

// Agent is what is known of the agent of an MDS. It is safe for concurrent use; New
// makes one, which knows nothing.
type Agent struct {
	born     time.Time    // heard counts from then
	heard    atomic.Int64 // when the agent last answered, in nanoseconds; 0: never
	known    atomic.Pointer[Knowledge]
	learning *semaphore.Weighted // one attempt at a time asks the agent
	asked    atomic.Uint64

	dropsRepeated atomic.Bool
}

// Knowledge is what is known of an agent at one time.
type Knowledge struct {
	zbs.Capabilities
	Since time.Time // when the first of it was learned
}

// New returns an Agent that nothing is known of.
func New() *Agent { return &Agent{born: time.Now(), learning: semaphore.NewWeighted(1)} }

// Recall returns what is known, and nothing when that is too old to be relied on.
func (a *Agent) Recall() Knowledge {
	k := a.known.Load()
	if k == nil || time.Since(a.born)-time.Duration(a.heard.Load()) > Memory {
		return Knowledge{}
	}
	return *k
}

// Learn adds that the agent has shown to have the endpoint, or not to have it.
func (a *Agent) Learn(e zbs.Endpoint, has bool) {
	a.Hear()
	for {
		old := a.known.Load()
		next := Knowledge{Since: time.Now()}
		if old != nil && old.Capabilities != (zbs.Capabilities{}) {
			next = *old
		}
		next.Capabilities = next.With(e, has)
		if a.known.CompareAndSwap(old, &next) {
			return
		}
	}
}

// Forget makes the next call ask again.
func (a *Agent) Forget() { a.known.Store(nil) }

// Hear notes that the agent answered.
func (a *Agent) Hear() { a.heard.Store(max(1, int64(time.Since(a.born)))) }

// Lock waits until no other attempt asks the agent what it can do. Unlock ends that.
func (a *Agent) Lock(ctx context.Context) error {
	if a.learning.Acquire(ctx, 1) != nil {
		return context.Cause(ctx)
	}
	return nil
}

// Unlock lets the next attempt ask.
func (a *Agent) Unlock() { a.learning.Release(1) }

// Ask counts a request that is sent to learn something.
func (a *Agent) Ask() { a.asked.Add(1) }

// Asked returns how many such requests were sent.
func (a *Agent) Asked() uint64 { return a.asked.Load() }

// HasNamedCluster notes that the agent's facts name the cluster. Such agents were seen
// to drop a request whose task id they have in work.
func (a *Agent) HasNamedCluster() { a.dropsRepeated.Store(true) }

// DropsRepeated reports whether the agent drops a request whose task id it has in work.
func (a *Agent) DropsRepeated() bool { return a.dropsRepeated.Load() }
