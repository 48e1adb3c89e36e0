package volume_test

import (
	"errors"
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

// Where an MDS can look, a snapshot that is made is looked for before and after.
func TestSnapshotIsLookedFor(t *testing.T) {
	const g7e, g9 = fakemds.G7e, fakemds.G9
	made := volume.Snapshot{Path: idleNew, Size: 10 << 30, Confirmed: true}
	unseen := volume.Snapshot{Path: idleNew, Size: 10 << 30}
	existed := volume.Snapshot{Path: idleNew, Existed: true, Confirmed: true}
	on := func(f fakemds.Fault) func(*fakemds.Cluster) {
		return func(c *fakemds.Cluster) { eachNode(c, f.On("snapshot/create")) }
	}
	before := func(c *fakemds.Cluster) { c.AddSnapshot(idleNew.String()) }
	for name, row := range map[string]struct {
		of      [3]fakemds.Generation
		prepare func(*fakemds.Cluster)
		skip    bool
		want    volume.Snapshot
		err     error
		sent    int // snapshot/create, at most
	}{
		"made":                   {[3]fakemds.Generation{g7e, g7e, g7e}, func(*fakemds.Cluster) {}, false, made, nil, 1},
		"one can look":           {[3]fakemds.Generation{g9, g9, g7e}, func(*fakemds.Cluster) {}, false, made, nil, 1},
		"nobody can look":        {[3]fakemds.Generation{g9, g9, g9}, func(*fakemds.Cluster) {}, false, unseen, nil, 1},
		"the one is down":        {[3]fakemds.Generation{g9, g9, g7e}, func(c *fakemds.Cluster) { c.Node(2).Inject(fakemds.Refuse) }, false, unseen, nil, 2},
		"existed":                {[3]fakemds.Generation{g7e, g7e, g7e}, before, false, volume.Snapshot{}, volume.ErrExists, 0},
		"existed, skipped":       {[3]fakemds.Generation{g7e, g7e, g7e}, before, true, existed, nil, 0},
		"existed, nobody looks":  {[3]fakemds.Generation{g9, g9, g9}, before, true, existed, nil, 3},
		"reply lost":             {[3]fakemds.Generation{g7e, g7e, g7e}, on(fakemds.CallbackLost), false, made, nil, 1},
		"reply lost, unseen":     {[3]fakemds.Generation{g9, g9, g9}, on(fakemds.CallbackLost), false, volume.Snapshot{}, mds.ErrAmbiguous, 4},
		"never run":              {[3]fakemds.Generation{g7e, g7e, g7e}, on(fakemds.Reset), false, volume.Snapshot{}, volume.ErrNotDone, 4},
		"never run, unseen":      {[3]fakemds.Generation{g9, g9, g9}, on(fakemds.Reset), false, volume.Snapshot{}, mds.ErrAmbiguous, 4},
		"never run by the first": {[3]fakemds.Generation{g7e, g7e, g7e}, func(c *fakemds.Cluster) { eachNode(c, fakemds.Reset.On("snapshot/create").Times(1)) }, false, made, nil, 8},
		"hangs":                  {[3]fakemds.Generation{g7e, g7e, g7e}, on(fakemds.Hang), false, volume.Snapshot{}, volume.ErrNotDone, 4},
		"still at work":          {[3]fakemds.Generation{g7e, g7e, g7e}, on(fakemds.Slow(2 * time.Hour)), false, volume.Snapshot{}, mds.ErrAmbiguous, 4},
		"looks fail":             {[3]fakemds.Generation{g7e, g7e, g7e}, func(c *fakemds.Cluster) { eachNode(c, fakemds.AgentError("rpc timeout").On("snapshot/query")) }, false, unseen, nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, service := startIdle(t, 3)
				generations(cluster, row.of[:]...)
				row.prepare(cluster)
				got, err := service.CreateSnapshot(t.Context(), volume.SnapshotRequest{Path: idleNew, SkipIfExisting: row.skip})
				if diff := cmp.Diff(row.want, got); diff != "" || !errors.Is(err, row.err) || row.err == nil && err != nil {
					t.Errorf("%v, want %v (-want +got):\n%s", err, row.err, diff)
				}
				if errors.Is(err, volume.ErrNotDone) && errors.Is(err, mds.ErrAmbiguous) {
					t.Errorf("%v says two things at once", err)
				}
				if n := mdstest.Asked(cluster, "snapshot/create"); n > row.sent {
					t.Errorf("%d snapshot/create, want at most %d", n, row.sent)
				}
				if v, _ := cluster.Volume(idle.String()); err == nil && !hasSnapshot(&v, otherID) {
					t.Errorf("snapshots %v", v.Snapshots)
				}
			})
		})
	}
}

// What an agent says it made is not there: that is no success where it can be seen.
func TestTrap08_FalseSuccessOfSnapshot(t *testing.T) {
	for name, row := range map[string]struct {
		g    fakemds.Generation
		lie  func(*fakemds.Cluster, fields)
		want error
	}{
		"seen":   {fakemds.G7e, removeIdle, volume.ErrNotDone},
		"unseen": {fakemds.G9, removeIdle, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, service := startLying(t, 1, "snapshot/create", row.lie)
				generations(cluster, row.g)
				got, err := service.CreateSnapshot(t.Context(), volume.SnapshotRequest{Path: idleNew})
				if !errors.Is(err, row.want) || row.want == nil && err != nil || got.Confirmed {
					t.Errorf("%+v, %v; want %v", got, err, row.want)
				}
			})
		})
	}
}

// removeIdle takes the snapshots away again, with the volume's, which stays.
func removeIdle(c *fakemds.Cluster, _ fields) {
	c.RemoveVolume(idle.String())
	c.AddVolume(idle.String())
}

// An agent says that a snapshot is deleted, and the storage has kept it for its
// clone: where an MDS can look, that is no success.
func TestTrap08_FalseSuccessOfSnapshotDelete(t *testing.T) {
	const g7e, g9 = fakemds.G7e, fakemds.G9
	clone := func(c *fakemds.Cluster) { c.AddClone(idleOld.String(), "clone") }
	both := func(f ...func(*fakemds.Cluster)) func(*fakemds.Cluster) {
		return func(c *fakemds.Cluster) {
			for _, do := range f {
				do(c)
			}
		}
	}
	on := func(f fakemds.Fault) func(*fakemds.Cluster) {
		return func(c *fakemds.Cluster) { eachNode(c, f.On("snapshot/delete")) }
	}
	for name, row := range map[string]struct {
		of      [2]fakemds.Generation
		prepare func(*fakemds.Cluster)
		want    error
		gone    bool
	}{
		"deleted":             {[2]fakemds.Generation{g7e, g7e}, func(*fakemds.Cluster) {}, nil, true},
		"deleted, unseen":     {[2]fakemds.Generation{g9, g9}, func(*fakemds.Cluster) {}, nil, true},
		"kept":                {[2]fakemds.Generation{g7e, g7e}, clone, volume.ErrSnapshotKept, false},
		"kept, one can look":  {[2]fakemds.Generation{g9, g7e}, clone, volume.ErrNotDone, false},
		"kept, unseen":        {[2]fakemds.Generation{g9, g9}, clone, nil, false},
		"kept, look fails":    {[2]fakemds.Generation{g7e, g7e}, both(clone, func(c *fakemds.Cluster) { eachNode(c, fakemds.AgentError("x").On("snapshot/query")) }), mds.ErrAmbiguous, false},
		"stray sees none":     {[2]fakemds.Generation{g7e, g7e}, both(clone, func(c *fakemds.Cluster) { strayFromSnapshots(c.Node(0)) }), volume.ErrSnapshotKept, false},
		"strays alone":        {[2]fakemds.Generation{g9, g7e}, both(clone, func(c *fakemds.Cluster) { strayFromSnapshots(c.Node(1)) }), nil, false},
		"reply lost":          {[2]fakemds.Generation{g7e, g7e}, on(fakemds.CallbackLost), nil, true},
		"reply lost, unseen":  {[2]fakemds.Generation{g9, g9}, on(fakemds.CallbackLost), mds.ErrAmbiguous, true},
		"never run":           {[2]fakemds.Generation{g7e, g7e}, on(fakemds.Reset), volume.ErrNotDone, false},
		"never run, unseen":   {[2]fakemds.Generation{g9, g9}, on(fakemds.Reset), mds.ErrAmbiguous, false},
		"hangs":               {[2]fakemds.Generation{g7e, g7e}, on(fakemds.Hang), volume.ErrNotDone, false},
		"still at work":       {[2]fakemds.Generation{g7e, g7e}, on(fakemds.Slow(2 * time.Hour)), mds.ErrAmbiguous, false},
		"was not there":       {[2]fakemds.Generation{g7e, g7e}, func(c *fakemds.Cluster) { removeIdle(c, nil) }, nil, true},
		"refused by the text": {[2]fakemds.Generation{g7e, g7e}, on(fakemds.AgentError("the snapshot is still in used")), mds.ErrAllFailed, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster := fakemds.NewCluster(t, 2, fakemds.SnapshotDeleteLies())
				addIdle(cluster)
				generations(cluster, row.of[:]...)
				service := volume.NewService(mdstest.Caller(t, cluster))
				row.prepare(cluster)
				err := service.DeleteSnapshot(t.Context(), idleOld)
				if !errors.Is(err, row.want) || row.want == nil && err != nil {
					t.Errorf("%v, want %v", err, row.want)
				}
				if errors.Is(err, volume.ErrNotDone) && errors.Is(err, mds.ErrAmbiguous) {
					t.Errorf("%v says two things at once", err)
				}
				if v, _ := cluster.Volume(idle.String()); hasSnapshot(&v, snapID) == row.gone {
					t.Errorf("snapshots %v", v.Snapshots)
				}
			})
		})
	}
}

// Looking for a snapshot waits for no MDS of which it is not known that it can look.
func TestLookingWaitsForNoBrokenMDS(t *testing.T) {
	for name, row := range map[string]struct {
		g     fakemds.Generation
		fault fakemds.Fault
	}{
		"nobody can look, one hangs": {fakemds.G9, fakemds.Hang},
		"one hangs":                  {fakemds.G7e, fakemds.Hang},
		"one is slow":                {fakemds.G7e, fakemds.Slow(20 * time.Second)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, service := startIdle(t, 3)
				generations(cluster, row.g, row.g, row.g)
				broken := (firstAsked(t, cluster, service) + 1) % 3 // the change itself must not wait for it
				cluster.Node(broken).Inject(row.fault)
				began := time.Now()
				if _, err := service.CreateSnapshot(t.Context(), volume.SnapshotRequest{Path: idleNew}); err != nil {
					t.Error(err)
				}
				if err := service.DeleteSnapshot(t.Context(), idleNew); err != nil {
					t.Error(err)
				}
				if took := time.Since(began); took > 5*mds.DefaultMostHedgeDelay {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

// A name that is another snapshot's number cannot be looked for: it is made and
// deleted as where no MDS can look.
func TestTrap07_SnapshotNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startAny(t, 1)
		generations(cluster, fakemds.G7e)
		cluster.AddSnapshot(idle.String() + "@nightly") // has the number 1 or 2
		for _, number := range []string{"1", "2"} {
			path := zbs.Path{Pool: "lp1", Volume: "idle", Snapshot: number}
			if _, err := service.QuerySnapshot(t.Context(), path); err != nil && !errors.Is(err, volume.ErrSnapshotNumber) {
				t.Fatal(err)
			}
			got, err := service.CreateSnapshot(t.Context(), volume.SnapshotRequest{Path: path})
			if err != nil || got.Existed {
				t.Errorf("create %s: %+v, %v", number, got, err)
			}
			if err := service.DeleteSnapshot(t.Context(), path); err != nil {
				t.Errorf("delete %s: %v", number, err)
			}
		}
	})
}

// An MDS that can look a snapshot up, and fails to, leaves a doubt: the snapshot may
// have been kept.
func TestTrap08_LookThatFailsLeavesADoubt(t *testing.T) {
	for name, fault := range map[string]fakemds.Fault{
		"agent error": fakemds.AgentError("no leader"), "500": fakemds.Status(500), "callback lost": fakemds.CallbackLost, "reset": fakemds.Reset,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, fakemds.G7e, fakemds.G7e, fakemds.G7e)
				for i := range 3 {
					l.cluster.Node(i).Inject(fault.On("snapshot/query"))
				}
				err := l.DeleteSnapshot(t.Context(), zbs.Path{Pool: "lp1", Volume: "free", Snapshot: labSnapshot})
				if !errors.Is(err, mds.ErrAmbiguous) {
					t.Errorf("%v, want ErrAmbiguous", err)
				}
			})
		})
	}
}
