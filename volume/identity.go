package volume

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// identities is what the MDS said of the cluster they belong to. It is asked for
// once: in each round the ping names the cluster, and fails at any other. An MDS
// that gave no answer is asked again by the next check.
type identities struct {
	turn chan struct{} // holds a token while nobody asks

	mu    sync.Mutex // guards the fields below
	known []Identity // by MDS, in the order of the list
	began time.Time  // when the last asking began
}

func newIdentities(addrs []zbs.Addr) *identities {
	ids := &identities{turn: make(chan struct{}, 1)}
	ids.turn <- struct{}{}
	for _, addr := range addrs {
		ids.known = append(ids.known, Identity{MDS: addr})
	}
	return ids
}

// learn returns what is known, after asking the MDS that have not said it yet.
// Callers share the asking; none takes a failure that is older than its call.
func (ids *identities) learn(ctx context.Context, caller *mds.Caller, span time.Duration) []Identity {
	called := time.Now()
	select {
	case <-ids.turn:
	case <-ctx.Done():
		return ids.snapshot()
	}
	defer func() { ids.turn <- struct{}{} }()
	ids.mu.Lock()
	fresh := !ids.began.Before(called)
	ids.mu.Unlock()
	if fresh {
		return ids.snapshot()
	}
	ids.ask(ctx, caller, span)
	return ids.snapshot()
}

func (ids *identities) ask(ctx context.Context, caller *mds.Caller, span time.Duration) {
	began := time.Now()
	known := ids.snapshot()
	var wg sync.WaitGroup
	for i := range known {
		id := &known[i]
		if id.Outcome == Answered {
			continue
		}
		wg.Go(func() {
			facts, err := mds.Call(ctx, caller, zbs.GetFacts{}, mds.Target(id.MDS), mds.Timeout(span))
			id.Cluster, id.Version = facts.UUID, facts.Version
			id.Outcome, id.Error = outcomeOf(err)
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return // what the caller's leaving broke off says nothing
	}
	ids.mu.Lock()
	defer ids.mu.Unlock()
	ids.known, ids.began = known, began
}

func (ids *identities) snapshot() []Identity {
	ids.mu.Lock()
	defer ids.mu.Unlock()
	return slices.Clone(ids.known)
}

// forget makes the next check ask everybody again: an MDS was found to be of
// another cluster, which somebody may have mended by then.
func (ids *identities) forget() {
	ids.mu.Lock()
	defer ids.mu.Unlock()
	for i, id := range ids.known {
		ids.known[i] = Identity{MDS: id.MDS}
	}
}

// factsOf returns what to ping with: the expected cluster, with the version that
// its MDS name. Without an expected one it is what the majority names.
func factsOf(ids []Identity, expected string) zbs.Facts {
	if expected == "" {
		expected = majority(ids, len(ids))
	}
	facts := zbs.Facts{UUID: expected}
	for _, id := range ids {
		if id.Cluster == expected && expected != "" {
			facts.Version = id.Version
		}
	}
	return facts
}
