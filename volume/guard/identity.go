package guard

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/zbsclient/zbsclient/internal/coalesce"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// identities keeps the cluster and the server that each MDS names. Each MDS is asked
// once; in each round its ping confirms the cluster. A check that needs an identity
// starts the query, waits until a majority has answered, and lets the rest answer during
// its rounds.
type identities struct {
	caller *mds.Caller
	asking coalesce.Group[zbs.Addr, struct{}]

	mu      sync.Mutex // guards what follows
	known   []identity // by MDS, in the order of the list
	epoch   int        // how often forget was called
	changed chan struct{}
}

// identity is what is known of one MDS.
type identity struct {
	proof.Identity
	serverAsked bool // it named its server, or cannot
}

func (id identity) complete() bool { return id.Outcome == proof.Answered && id.serverAsked }

func newIdentities(caller *mds.Caller) *identities {
	ids := &identities{caller: caller, changed: make(chan struct{})}
	ids.asking.Wait = hedge
	for _, addr := range caller.Addrs() {
		ids.known = append(ids.known, identity{Identity: proof.Identity{MDS: addr}})
	}
	return ids
}

// learn asks the MDS whose identity is not complete, in goroutines of wg that end with
// ctx. It returns when enough is known to ping with, or when all have answered.
func (ids *identities) learn(ctx context.Context, wg *sync.WaitGroup, expected string, l limits) {
	ended := make(chan struct{}, len(ids.known))
	pending := 0
	for i, id := range ids.all() {
		if id.complete() {
			continue
		}
		pending++
		wg.Go(func() {
			ids.asking.Do(ctx, id.MDS, func(ctx context.Context) (struct{}, error) {
				ids.ask(ctx, i, l)
				return struct{}{}, nil
			})
			ended <- struct{}{}
		})
	}
	for pending > 0 {
		enough, changed := ids.enough(expected)
		if enough {
			return
		}
		select {
		case <-ended:
			pending--
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// ask asks MDS i for its cluster, and then for its server, unless both are known by
// now.
func (ids *identities) ask(ctx context.Context, i int, l limits) {
	id, epoch := ids.recall(i)
	if id.complete() {
		return
	}
	bound := mds.Timeout(min(l.span, ids.caller.AttemptTimeout()))
	if id.Outcome != proof.Answered {
		facts, err := mds.Call(ctx, ids.caller, zbs.GetFacts{}, mds.Target(id.MDS), bound)
		id.Cluster, id.Version = facts.UUID, facts.Version
		id.Outcome, id.Error = outcomeOf(err)
		ids.store(i, id, epoch)
		if err != nil {
			return
		}
	}
	usage, err := mds.Call(ctx, ids.caller, zbs.GetResourceUsage{Cgroups: []string{zbs.CgroupChunkServer}}, mds.Target(id.MDS), bound)
	outcome, _ := outcomeOf(err)
	id.Server = serverName(usage.Serial)
	id.serverAsked = outcome == proof.Answered || outcome == proof.Refused // an older agent does not have the query
	ids.store(i, id, epoch)
}

// noSerials are the texts of firmware for a machine without a serial number.
var noSerials = []string{"", "0", "none", "n/a", "not specified", "not available", "unknown", "default string",
	"system serial number", "to be filled by o.e.m.", "0123456789", "123456789"}

// serverName returns a serial number, or "" for a text that names no server.
func serverName(serial string) string {
	serial = strings.TrimSpace(serial)
	if slices.Contains(noSerials, strings.ToLower(serial)) {
		return ""
	}
	return serial
}

// recall returns what MDS i has answered, with the epoch of that.
func (ids *identities) recall(i int) (id identity, epoch int) {
	ids.mu.Lock()
	defer ids.mu.Unlock()
	return ids.known[i], ids.epoch
}

// store keeps what MDS i answered. An earlier answer outlives a query that another check
// gave up. An answer from before forget is dropped.
func (ids *identities) store(i int, id identity, epoch int) {
	ids.mu.Lock()
	defer ids.mu.Unlock()
	old := ids.known[i]
	if epoch != ids.epoch {
		return
	}
	if old.Outcome == proof.Answered && id.Outcome != proof.Answered {
		return
	}
	if old.serverAsked && !id.serverAsked {
		id.Server, id.serverAsked = old.Server, true
	}
	ids.known[i] = id
	close(ids.changed)
	ids.changed = make(chan struct{})
}

func (ids *identities) all() []identity {
	ids.mu.Lock()
	defer ids.mu.Unlock()
	return slices.Clone(ids.known)
}

// serverPending reports whether the MDS has not answered yet which server it runs on.
func (ids *identities) serverPending(addr zbs.Addr) bool {
	ids.mu.Lock()
	defer ids.mu.Unlock()
	return len(ids.known) > 1 &&
		slices.ContainsFunc(ids.known, func(id identity) bool { return id.MDS == addr && !id.serverAsked })
}

// news returns a channel that is closed at the next answer.
func (ids *identities) news() <-chan struct{} {
	ids.mu.Lock()
	defer ids.mu.Unlock()
	return ids.changed
}

// evidence returns the identities for a report.
func (ids *identities) evidence() []proof.Identity {
	var all []proof.Identity
	for _, id := range ids.all() {
		id.ServerPending = !id.serverAsked
		all = append(all, id.Identity)
	}
	return all
}

// enough reports whether a majority names one cluster, or an MDS the expected one. The
// channel is closed at the next answer.
func (ids *identities) enough(expected string) (enough bool, changed <-chan struct{}) {
	named := ids.evidence()
	ids.mu.Lock()
	defer ids.mu.Unlock()
	if expected != "" {
		return slices.ContainsFunc(named, func(id proof.Identity) bool { return id.Cluster == expected }), ids.changed
	}
	return proof.Majority(named, len(named)) != "", ids.changed
}

// forget makes the next check ask all MDS again: one was of another cluster, and the list
// may be corrected by then.
func (ids *identities) forget() {
	ids.mu.Lock()
	defer ids.mu.Unlock()
	ids.epoch++
	for i, id := range ids.known {
		ids.known[i] = identity{Identity: proof.Identity{MDS: id.MDS}}
	}
}

// factsOf returns the facts to ping with: the expected cluster, or else the one that the
// majority names, with the version that its MDS name.
func factsOf(ids []proof.Identity, expected string) zbs.Facts {
	if expected == "" {
		expected = proof.Majority(ids, len(ids))
	}
	facts := zbs.Facts{UUID: expected}
	for _, id := range ids {
		if id.Cluster == expected && expected != "" {
			facts.Version = id.Version
		}
	}
	return facts
}
