package volume_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/internal/mdstest"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/zbs"
)

const gib = 1 << 30

func TestQuery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := start(t, 3)
		cluster.AddVolume("zbs://lp1/base")
		cluster.AddSnapshot("zbs://lp1/base@s1")
		cluster.AddClone("zbs://lp1/base@s1", "clone")
		clone := zbs.Path{Pool: "lp1", Volume: "clone"}
		got, err := service.Query(t.Context(), clone)
		want := volume.Info{Path: clone, Size: 10 * gib, Parent: "zbs://lp1/base@s1"}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		cluster.Node(0).Inject(fakemds.Refuse)
		if _, err := service.Query(t.Context(), path); err != nil {
			t.Errorf("with one MDS dead: %v", err)
		}
		snapshot := path
		snapshot.Snapshot = "s"
		if _, err := service.Query(t.Context(), snapshot); !errors.Is(err, zbs.ErrInvalidPath) {
			t.Errorf("of a snapshot: %v, want ErrInvalidPath", err)
		}
	})
}

// That a volume does not exist is said by the storage; that nobody can say so,
// or that an MDS fails for another reason, is something else.
func TestQueryNotFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := start(t, 2)
		gone := zbs.Path{Pool: "lp1", Volume: "gone"}
		check := func(why string, want bool) {
			t.Helper()
			_, err := service.Query(t.Context(), gone)
			if err == nil || errors.Is(err, volume.ErrNotFound) != want {
				t.Errorf("%s: %v, want ErrNotFound %t", why, err, want)
			}
		}
		check("all MDS say so", true)
		cluster.Node(1).Inject(fakemds.Refuse)
		check("one says so, one is dead", true)
		cluster.Node(1).Clear()
		cluster.Node(1).Inject(fakemds.AgentError("rpc timeout"))
		check("one fails for another reason", false)
		cluster.Node(0).Inject(fakemds.Refuse)
		cluster.Node(1).Clear()
		cluster.Node(1).Inject(fakemds.Refuse)
		check("nobody says anything", false)
	})
}

func TestQueryAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := start(t, 3)
		cluster.AddVolume("zbs://lp1/second")
		cluster.AddVolume("zbs://lp10/third")
		cluster.AddPool("bare", "pp-bare")
		for _, volume := range []string{path.String(), "zbs://lp1/second", "zbs://lp10/third"} {
			cluster.SetSize(volume, 10*gib, gib)
		}
		second, third := zbs.Path{Pool: "lp1", Volume: "second"}, zbs.Path{Pool: "lp10", Volume: "third"}
		all := []zbs.Path{path, second, third,
			{Pool: "lp1", Volume: "gone"}, {Pool: "bare", Volume: "gone"}, {Pool: "nope", Volume: "gone"}}
		got, err := service.QueryAll(t.Context(), all)
		want := make(map[zbs.Path]volume.Info)
		for _, p := range []zbs.Path{path, second, third} {
			want[p] = volume.Info{Path: p, Size: 10 * gib, ActualSize: gib}
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		if n := mdstest.Asked(cluster, "volume/query/batch"); n != 2+3 {
			t.Errorf("%d batches, want one per pool with volumes, and the empty pool's at each MDS", n)
		}
		if got, err := service.QueryAll(t.Context(), nil); err != nil || len(got) != 0 {
			t.Errorf("of nothing: %v, %v", got, err)
		}
		for i := range 3 {
			cluster.Node(i).Inject(fakemds.Refuse)
		}
		if got, err := service.QueryAll(t.Context(), all[:2]); !errors.Is(err, mds.ErrAllFailed) || got != nil {
			t.Errorf("with all dead: %v, %v; want an error and nothing that looks complete", got, err)
		}
	})
}

// An agent whose batch query always fails is not sent one: its volumes are asked
// for one by one, and none is lost.
func TestQueryAllWithoutBatches(t *testing.T) {
	const g7e, g9 = fakemds.G7e, fakemds.G9
	for name, row := range map[string]struct {
		of      [3]fakemds.Generation
		prepare func(*fakemds.Cluster)
		batches bool
	}{
		"all alike":        {[3]fakemds.Generation{g7e, g7e, g7e}, func(*fakemds.Cluster) {}, false},
		"one hangs":        {[3]fakemds.Generation{g7e, g7e, g7e}, func(c *fakemds.Cluster) { c.Node(0).Inject(fakemds.Hang) }, false},
		"one does batches": {[3]fakemds.Generation{g7e, g9, g7e}, func(*fakemds.Cluster) {}, true},
		"that one is down": {[3]fakemds.Generation{g7e, g9, g7e}, func(c *fakemds.Cluster) { c.Node(1).Inject(fakemds.Refuse) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, service := start(t, 3)
				generations(cluster, row.of[:]...)
				row.prepare(cluster)
				want := make(map[zbs.Path]volume.Info)
				paths := []zbs.Path{{Pool: "lp1", Volume: "gone"}}
				for i := range 20 {
					p := zbs.Path{Pool: "lp1", Volume: fmt.Sprintf("v%d", i)}
					cluster.AddVolume(p.String())
					cluster.SetSize(p.String(), int64(i+1)*gib, gib)
					want[p] = volume.Info{Path: p, Size: int64(i+1) * gib, ActualSize: gib}
					paths = append(paths, p)
				}
				for range 3 {
					got, err := service.QueryAll(t.Context(), paths)
					if diff := cmp.Diff(want, got); diff != "" || err != nil {
						t.Errorf("%v (-want +got):\n%s", err, diff)
					}
				}
				if n := mdstest.Asked(cluster, "volume/query/batch"); row.batches != (n == 3) || !row.batches && n != 0 {
					t.Errorf("%d batches were sent", n)
				}
			})
		})
	}
}

// A volume that no MDS can ask for fails the whole: the result would be incomplete.
func TestQueryAllWithoutBatchesLosesNoVolume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := start(t, 2)
		generations(cluster, fakemds.G7e, fakemds.G7e)
		cluster.AddVolume("zbs://lp1/second")
		eachNode(cluster, fakemds.AgentError("rpc timeout").On("volume/query"))
		got, err := service.QueryAll(t.Context(), []zbs.Path{path, {Pool: "lp1", Volume: "second"}})
		if _, refused := errors.AsType[*zbs.AgentError](err); !refused || got != nil {
			t.Errorf("%v, %v; want the refusal alone", got, err)
		}
	})
}

func TestPools(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := start(t, 1)
		pools, err := service.Pools(t.Context())
		if err != nil || len(pools) != 2 || pools[1].Name != "lp10" || pools[1].PhysicalName != "pp10" || pools[1].Capacity != 3<<40 {
			t.Errorf("%+v, %v", pools, err)
		}
		if _, err := service.Clients(t.Context(), path); err != nil || mdstest.Asked(cluster, "capacity") != 1 {
			t.Errorf("%v after %d capacity calls, want the pools kept", err, mdstest.Asked(cluster, "capacity"))
		}
	})
}
