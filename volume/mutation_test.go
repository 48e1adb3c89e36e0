package volume_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/internal/mdstest"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/zbs"
)

var (
	mutations     = flag.Int("volume.mutations", 3000, "how many random changes TestRandomMutations makes")
	mutationsSeed = flag.Uint64("volume.seed", 0, "the seed of the first batch; 0 draws one")
)

// perBatch is how many changes one cluster goes through.
const perBatch = 50

// mutationFaults are what may befall an MDS, before and after it executes.
var mutationFaults = []fakemds.Fault{
	fakemds.Refuse, fakemds.Blackhole, fakemds.Hang, fakemds.HangAfter, fakemds.Reset, fakemds.ResetAfter,
	fakemds.HangUp, fakemds.HangUpAfter, fakemds.Truncate, fakemds.Garbage, fakemds.AgentBroken,
	fakemds.CallbackLost, fakemds.CallbackTwice, fakemds.CallbackEarly,
	fakemds.CallbackLate(5 * time.Second), fakemds.CallbackLate(90 * time.Second),
	fakemds.Slow(5 * time.Second), fakemds.Slow(65 * time.Second), fakemds.Slow(10 * time.Minute),
	fakemds.SlowBody(2 * time.Second), fakemds.Status(404), fakemds.Status(503), fakemds.StatusAfter(503),
	fakemds.AgentError("no leader"), fakemds.StorageError("rpc timeout"),
}

// TestRandomMutations makes random changes under random faults, and compares
// what it is told with what the storage did, then and hours later.
func TestRandomMutations(t *testing.T) {
	seed := *mutationsSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	tally := make(map[string]int)
	for batch := range uint64(*mutations / perBatch) {
		synctest.Test(t, func(t *testing.T) {
			m := newMutator(t, seed+batch)
			for range perBatch {
				tally[m.mutate()]++
			}
		})
		if t.Failed() {
			t.Fatalf("repeat with -volume.seed=%d -volume.mutations=%d", seed+batch, perBatch)
		}
	}
	t.Logf("%d changes from seed %d: %v", *mutations, seed, tally)
	for _, end := range []string{"done", "ambiguous", "not done", "refused"} {
		if tally[end] == 0 && *mutations >= 1000 {
			t.Errorf("no change ended %s: the faults do not reach", end)
		}
	}
}

// mutator makes changes to a cluster of its own.
type mutator struct {
	t       *testing.T
	rand    *rand.Rand
	cluster *fakemds.Cluster
	service *volume.Service
}

func newMutator(t *testing.T, seed uint64) *mutator {
	m := &mutator{t: t, rand: rand.New(rand.NewPCG(seed, 0))}
	m.cluster = fakemds.NewCluster(t, 3, fakemds.KeepHeartbeatOpen())
	m.cluster.AddPool("lp1", "pp1")
	m.cluster.AddPool("lp10", "pp10")
	for _, v := range m.names()[:3] {
		m.cluster.AddVolume(v.String())
		m.cluster.AddSnapshot(v.String() + "@" + snapID)
	}
	m.service = volume.NewService(mdstest.Caller(t, m.cluster), volume.WithGuard(&fakeGuard{cluster: m.cluster}))
	return m
}

func (m *mutator) names() (paths []zbs.Path) {
	for i := range 6 {
		paths = append(paths, zbs.Path{Pool: "lp1", Volume: fmt.Sprintf("v%d", i)})
	}
	return paths
}

// change is one change: what is called, which request carries it, and whether
// the volume it is about shows it.
type change struct {
	name     string
	endpoint string
	about    zbs.Path
	call     func(context.Context) error
	shows    func(before, after *fakemds.VolumeState) bool
	once     bool // a second execution would harm
}

func (m *mutator) draw() change {
	v := m.names()[m.rand.IntN(6)]
	snap := zbs.Path{Pool: v.Pool, Volume: v.Volume, Snapshot: []string{snapID, otherID}[m.rand.IntN(2)]}
	dst := m.names()[m.rand.IntN(6)]
	size := int64(10+m.rand.IntN(6)) << 30
	skip := m.rand.IntN(2) == 0
	there := func(_, after *fakemds.VolumeState) bool { return after != nil }
	all := []change{
		{"create", "volume/create", v, func(ctx context.Context) error {
			return second(m.service.Create(ctx, volume.CreateRequest{Path: v, Size: size, SkipIfExisting: skip}))
		}, func(_, after *fakemds.VolumeState) bool { return after != nil && after.Size == size }, !skip},
		{"delete", "volume/delete", v, func(ctx context.Context) error {
			return second(m.service.Delete(ctx, volume.DeleteRequest{Path: v}))
		}, func(_, after *fakemds.VolumeState) bool { return after == nil }, false},
		{"expand", "volume/expand", v, func(ctx context.Context) error {
			return second(m.service.Expand(ctx, volume.ExpandRequest{Path: v, Size: size}))
		}, func(_, after *fakemds.VolumeState) bool { return after != nil && after.Size >= size }, false},
		{"snapshot", "snapshot/create", v, func(ctx context.Context) error {
			return second(m.service.CreateSnapshot(ctx, volume.SnapshotRequest{Path: snap, SkipIfExisting: skip}))
		}, func(_, after *fakemds.VolumeState) bool { return hasSnapshot(after, snap.Snapshot) }, false},
		{"rollback", "snapshot/rollback", v, func(ctx context.Context) error {
			return second(m.service.Rollback(ctx, volume.RollbackRequest{Path: snap}))
		}, func(before, after *fakemds.VolumeState) bool {
			return before != nil && after != nil && after.Rollbacks == before.Rollbacks+1
		}, true},
		{"clone", "volume/clone", dst, func(ctx context.Context) error {
			return second(m.service.Clone(ctx, volume.CloneRequest{Snapshot: snap, Volume: dst}))
		}, there, true},
		{"copy", "copy", dst, func(ctx context.Context) error {
			return second(m.service.Copy(ctx, volume.CloneRequest{Snapshot: snap, Volume: dst}, mds.Timeout(time.Minute)))
		}, there, true},
		{"flatten", "volume/flatten", v, func(ctx context.Context) error {
			return second(m.service.Flatten(ctx, v, mds.Timeout(time.Minute)))
		}, func(_, after *fakemds.VolumeState) bool { return after != nil && after.Parent == "" }, false},
	}
	return all[m.rand.IntN(len(all))]
}

func hasSnapshot(v *fakemds.VolumeState, name string) bool {
	return v != nil && slices.ContainsFunc(v.Snapshots, func(s fakemds.SnapshotState) bool { return s.Name == name })
}

func (m *mutator) state(path zbs.Path) *fakemds.VolumeState {
	if v, ok := m.cluster.Volume(path.String()); ok {
		return &v
	}
	return nil
}

// mutate makes one change and returns how it ended.
func (m *mutator) mutate() string {
	c := m.draw()
	unreached := m.breakNodes(c.endpoint)
	before, asked := m.state(c.about), len(m.cluster.Requests())
	ctx, cancel := context.WithTimeout(m.t.Context(), []time.Duration{time.Hour, 20 * time.Second}[m.rand.IntN(8)/7])
	defer cancel()
	err := c.call(ctx)
	unreached = unreached && ctx.Err() == nil
	then := m.state(c.about)
	time.Sleep(3 * time.Hour) // what is under way has run by now
	for i := range 3 {
		m.cluster.Node(i).Clear()
	}
	after := m.state(c.about)
	m.checkLedger(c, m.cluster.Requests()[asked:])

	fail := func(format string, args ...any) {
		m.t.Errorf("%s of %s: %s: %v\nbefore %+v\nafter  %+v", c.name, c.about, fmt.Sprintf(format, args...), err, before, after)
	}
	_, failed := errors.AsType[*mds.CallError](err)
	_, refused := errors.AsType[*zbs.AgentError](err)
	switch {
	case err == nil:
		if !c.shows(before, then) {
			fail("said to be done, and it was not")
		}
		return "done"
	case errors.Is(err, mds.ErrAmbiguous):
		return "ambiguous"
	}
	if diff := cmp.Diff(before, after); diff != "" && !(c.name == "delete" && after != nil) {
		fail("said not to be done, and it was")
	}
	if unreached && failed && !refused && !errors.Is(err, volume.ErrUndetermined) {
		fail("a healthy MDS was left")
	}
	if errors.Is(err, volume.ErrNotDone) {
		return "not done"
	}
	return "refused"
}

// breakNodes breaks some of the MDS, in every way or for the change alone, and
// reports whether all that is wrong is that some cannot be reached.
func (m *mutator) breakNodes(endpoint string) (unreached bool) {
	if m.rand.IntN(6) == 0 {
		m.restartSoon()
		return false
	}
	unreached = true
	for i := range m.rand.IntN(4) {
		node := m.cluster.Node((i + m.rand.IntN(3)) % 3)
		fault := mutationFaults[m.rand.IntN(len(mutationFaults))]
		if fault != fakemds.Refuse && fault != fakemds.Blackhole || i == 2 {
			unreached = false
			if m.rand.IntN(2) == 0 {
				fault = fault.On(endpoint)
			}
		}
		if m.rand.IntN(3) == 0 {
			fault = fault.Times(1 + m.rand.IntN(2))
		}
		node.Inject(fault)
	}
	return unreached
}

// restartSoon restarts an agent while the change goes on, which somebody syncs
// again.
func (m *mutator) restartSoon() {
	node, wait := m.cluster.Node(m.rand.IntN(3)), time.Duration(m.rand.IntN(3000))*time.Millisecond
	node.Inject(fakemds.Slow(time.Second))
	go func() {
		time.Sleep(wait)
		node.Restart()
		node.Sync("5.5.0")
	}()
}

// checkLedger proves from what the MDS executed that nothing ran twice that
// must not.
func (m *mutator) checkLedger(c change, requests []fakemds.Request) {
	ran, worked := 0, 0
	nodes := make(map[string]int)
	for _, q := range requests {
		if q.Endpoint != c.endpoint || !q.Executed {
			continue
		}
		ran++
		if q.Failure == "" {
			worked++
			nodes[q.Node]++
		}
	}
	if c.once && ran > 1 {
		m.t.Errorf("%s of %s ran %d times", c.name, c.about, ran)
	}
	if c.endpoint == "snapshot/create" && worked > 1 {
		m.t.Errorf("%d snapshots were made of %s", worked, c.about)
	}
	for node, n := range nodes {
		if n > 1 {
			m.t.Errorf("%s of %s ran %d times on %s", c.name, c.about, n, node)
		}
	}
}
