package volume_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/internal/mdstest"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/zbs"
)

// generations makes the MDS agents of these generations, one after the other.
func generations(cluster *fakemds.Cluster, of ...fakemds.Generation) {
	for i, g := range of {
		cluster.Node(i).SetGeneration(g)
	}
}

// strayFromSnapshots makes the MDS one of another cluster, which has no volume.
func strayFromSnapshots(n *fakemds.Node) {
	stray(n)
	n.Inject(fakemds.AgentError("cannot found snapshot for volume[lp1/idle], error[Rpc[ListSnapShot] status code: kFileNotExists]").On("snapshot/query"))
}

// A snapshot is there, is not, or nothing tells. An MDS without snapshot/query, that
// breaks, or that belongs to another cluster does not count.
func TestQuerySnapshot(t *testing.T) {
	const g7e, g9, g10 = fakemds.G7e, fakemds.G9, fakemds.G10
	inIdle := func(name string) zbs.Path { return zbs.Path{Pool: "lp1", Volume: "idle", Snapshot: name} }
	none := func(*fakemds.Cluster) {}
	for name, row := range map[string]struct {
		of      [3]fakemds.Generation
		path    zbs.Path
		prepare func(*fakemds.Cluster)
		exists  bool
		want    error
		most    time.Duration
	}{
		"there":                         {[3]fakemds.Generation{g7e, g7e, g7e}, idleOld, none, true, nil, 0},
		"missing":                       {[3]fakemds.Generation{g7e, g7e, g7e}, idleNew, none, false, nil, 0},
		"part of another's name":        {[3]fakemds.Generation{g7e, g7e, g7e}, inIdle(snapID[:8]), none, false, nil, 0},
		"volume with one":               {[3]fakemds.Generation{g7e, g7e, g7e}, idle, none, true, nil, 0},
		"volume without":                {[3]fakemds.Generation{g7e, g7e, g7e}, path, none, false, nil, 0},
		"no volume":                     {[3]fakemds.Generation{g7e, g7e, g7e}, zbs.Path{Pool: "lp1", Volume: "nope", Snapshot: snapID}, none, false, volume.ErrNotFound, 0},
		"no pool":                       {[3]fakemds.Generation{g7e, g7e, g7e}, zbs.Path{Pool: "nope", Volume: "v"}, none, false, volume.ErrNotFound, 0},
		"bad path":                      {[3]fakemds.Generation{g7e, g7e, g7e}, inIdle("a b"), none, false, zbs.ErrInvalidPath, 0},
		"nobody can":                    {[3]fakemds.Generation{g9, g10, g9}, idleOld, none, false, zbs.ErrUnsupported, 0},
		"nobody can, errors package":    {[3]fakemds.Generation{g9, g10, g9}, idleOld, none, false, errors.ErrUnsupported, 0},
		"one can":                       {[3]fakemds.Generation{g9, g10, g7e}, idleOld, none, true, nil, 0},
		"one can, missing":              {[3]fakemds.Generation{g7e, g10, g9}, idleNew, none, false, nil, 0},
		"the one that can is down":      {[3]fakemds.Generation{g9, g7e, g9}, idleOld, func(c *fakemds.Cluster) { c.Node(1).Inject(fakemds.Refuse) }, false, zbs.ErrUnsupported, 0},
		"one too old":                   {[3]fakemds.Generation{fakemds.G6, g7e, g7e}, idleOld, none, true, nil, 0},
		"one hangs":                     {[3]fakemds.Generation{g7e, g7e, g7e}, idleOld, func(c *fakemds.Cluster) { c.Node(0).Inject(fakemds.Hang) }, true, nil, 10 * time.Second},
		"one hangs, missing":            {[3]fakemds.Generation{g7e, g7e, g7e}, idleNew, func(c *fakemds.Cluster) { c.Node(0).Inject(fakemds.Hang) }, false, nil, 10 * time.Second},
		"two hang, missing":             {[3]fakemds.Generation{g7e, g7e, g7e}, idleNew, func(c *fakemds.Cluster) { c.Node(0).Inject(fakemds.Hang); c.Node(2).Inject(fakemds.Hang) }, false, nil, 10 * time.Second},
		"all hang":                      {[3]fakemds.Generation{g7e, g7e, g7e}, idleNew, func(c *fakemds.Cluster) { eachNode(c, fakemds.Hang) }, false, mds.ErrAllFailed, 2 * time.Minute},
		"one of another cluster":        {[3]fakemds.Generation{g7e, g7e, g7e}, idleOld, func(c *fakemds.Cluster) { strayFromSnapshots(c.Node(0)) }, true, nil, 0},
		"two of another cluster":        {[3]fakemds.Generation{g7e, g7e, g7e}, idleNew, func(c *fakemds.Cluster) { strayFromSnapshots(c.Node(0)); strayFromSnapshots(c.Node(1)) }, false, nil, 0},
		"one fails for another reason":  {[3]fakemds.Generation{g7e, g7e, g7e}, idleNew, func(c *fakemds.Cluster) { c.Node(0).Inject(fakemds.AgentError("rpc timeout").On("snapshot/query")) }, false, nil, 0},
		"all fail for another reason":   {[3]fakemds.Generation{g7e, g7e, g7e}, idleNew, func(c *fakemds.Cluster) { eachNode(c, fakemds.AgentError("rpc timeout").On("snapshot/query")) }, false, mds.ErrAllFailed, 0},
		"a number, and a name too":      {[3]fakemds.Generation{g7e, g7e, g7e}, inIdle("7"), func(c *fakemds.Cluster) { c.AddSnapshot("zbs://lp1/idle@7") }, true, nil, 0},
		"the number of another":         {[3]fakemds.Generation{g7e, g7e, g7e}, inIdle("1"), none, false, volume.ErrSnapshotNumber, 0},
		"a number that is none":         {[3]fakemds.Generation{g7e, g7e, g7e}, inIdle("77"), none, false, nil, 0},
		"its own number, nothing tells": {[3]fakemds.Generation{g7e, g7e, g7e}, inIdle("2"), func(c *fakemds.Cluster) { c.AddSnapshot("zbs://lp1/idle@2") }, false, volume.ErrSnapshotNumber, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, service := startIdle(t, 3)
				generations(cluster, row.of[:]...)
				if _, err := service.Pools(t.Context()); err != nil { // asked for once in a Service's life
					t.Fatal(err)
				}
				row.prepare(cluster)
				began := time.Now()
				exists, err := service.QuerySnapshot(t.Context(), row.path)
				if exists != row.exists || !errors.Is(err, row.want) || row.want == nil && err != nil {
					t.Errorf("%t, %v; want %t, %v", exists, err, row.exists, row.want)
				}
				if took := time.Since(began); took > max(row.most, time.Second) {
					t.Errorf("took %v", took)
				}
				if row.want != volume.ErrNotFound && errors.Is(err, volume.ErrNotFound) {
					t.Errorf("%v: the volume is there", err)
				}
				unchanged(t, cluster)
				if harm := cluster.Harm(); harm != nil {
					t.Errorf("harm: %+v", harm)
				}
			})
		})
	}
}

func eachNode(cluster *fakemds.Cluster, fault fakemds.Fault) {
	for i := range cluster.Addrs() {
		cluster.Node(i).Inject(fault)
	}
}

// An MDS without snapshot/query is not sent one again and again.
func TestQuerySnapshotIsNotRepeatedInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startIdle(t, 2)
		for range 5 {
			if _, err := service.QuerySnapshot(t.Context(), idleOld); !errors.Is(err, zbs.ErrUnsupported) {
				t.Fatal(err)
			}
		}
		if n := mdstest.Asked(cluster, "snapshot/query"); n > 2 {
			t.Errorf("%d snapshot/query at 2 MDS that lack it", n)
		}
	})
}

// One MDS alone is not asked for ever, whatever it says.
func TestQuerySnapshotOfOneMDS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startIdle(t, 2)
		generations(cluster, fakemds.G7e, fakemds.G7e)
		cluster.Node(1).Inject(fakemds.AgentError("rpc timeout").On("snapshot/query"))
		second, _ := zbs.ParseAddr(cluster.Addrs()[1])
		_, err := service.QuerySnapshot(t.Context(), idleOld, mds.Target(second))
		if _, no := errors.AsType[*zbs.AgentError](err); !no || mdstest.Asked(cluster, "snapshot/query") > 2 {
			t.Errorf("%v after %d queries", err, mdstest.Asked(cluster, "snapshot/query"))
		}
	})
}

// An answer about another path, or none, proves nothing.
func TestQuerySnapshotBelievesNoStrangeAnswer(t *testing.T) {
	for name, lie := range map[string]func(fields){
		"another volume": func(f fields) { f["installPath"] = "cbd:pp1/lp1/other@1" },
		"another pool":   func(f fields) { f["installPath"] = "cbd:pp1/lp10/idle@1" },
		"no path":        func(f fields) { delete(f, "installPath") },
		"the volume":     func(f fields) { f["installPath"] = "cbd:pp1/lp1/idle" },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, service := startLying(t, 1, "snapshot/query", func(_ *fakemds.Cluster, f fields) { lie(f) })
				generations(cluster, fakemds.G7e)
				if exists, err := service.QuerySnapshot(t.Context(), idleOld); exists || !errors.Is(err, zbs.ErrMalformed) {
					t.Errorf("%t, %v; want ErrMalformed", exists, err)
				}
			})
		})
	}
}
