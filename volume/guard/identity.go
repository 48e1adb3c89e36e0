package guard

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
	asking *shared

	mu    sync.Mutex // guards known
	known []Identity // by MDS, in the order of the list
}

func newIdentities(addrs []zbs.Addr) *identities {
	ids := &identities{asking: newShared()}
	for _, addr := range addrs {
		ids.known = append(ids.known, Identity{MDS: addr})
	}
	return ids
}

// learn returns what is known, after asking the MDS that have not said it yet.
func (ids *identities) learn(ctx context.Context, caller *mds.Caller, span time.Duration) []Identity {
	unasked := func(id Identity) bool { return id.Outcome != Answered }
	if known := ids.snapshot(); !slices.ContainsFunc(known, unasked) {
		return known
	}
	ids.asking.do(ctx, func() error {
		ids.ask(ctx, caller, span)
		return nil // failures stand in what is known
	})
	return ids.snapshot()
}

func (ids *identities) ask(ctx context.Context, caller *mds.Caller, span time.Duration) {
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
	ids.mu.Lock()
	defer ids.mu.Unlock()
	ids.known = known
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
