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
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

const (
	ourCluster   = "11111111-2222-3333-4444-555555555555"
	otherCluster = "99999999-2222-3333-4444-555555555555"
)

// stray makes the MDS one of another cluster, which has no volume.
func stray(n *fakemds.Node) {
	n.SetCluster(otherCluster)
	n.Inject(fakemds.AgentError("cannot found volume info, error[Rpc[GetFileInfo] status code: kFileNotExists]").On("volume/query"))
}

// Only an MDS of the right cluster can say that there is nothing to delete: one of
// another cluster has never heard of the volume.
func TestDeleteOfWhatIsNotThere(t *testing.T) {
	down := fakemds.Refuse
	for name, row := range map[string]struct {
		prepare func(*fakemds.Cluster)
		there   bool // in our cluster
		options []guard.CheckOption
		known   bool
	}{
		"all say so":                {func(*fakemds.Cluster) {}, false, nil, true},
		"one is down":               {func(c *fakemds.Cluster) { c.Node(0).Inject(down) }, false, nil, true},
		"one hangs":                 {func(c *fakemds.Cluster) { c.Node(0).Inject(fakemds.Hang) }, false, nil, true},
		"one is of another cluster": {func(c *fakemds.Cluster) { stray(c.Node(0)) }, false, nil, true},
		"of another cluster alone":  {func(c *fakemds.Cluster) { c.Node(0).Inject(down); c.Node(1).Inject(down); stray(c.Node(2)) }, true, nil, false},
		"it answers, the others break": {func(c *fakemds.Cluster) {
			c.Node(0).Inject(fakemds.Reset.On("volume/query"))
			c.Node(1).Inject(fakemds.Reset.On("volume/query"))
			stray(c.Node(2))
		}, true, nil, false},
		"no majority names a cluster":        {func(c *fakemds.Cluster) { c.Node(0).Inject(down); c.Node(1).Inject(down) }, false, nil, false},
		"it is of the expected cluster":      {func(c *fakemds.Cluster) { c.Node(0).Inject(down); c.Node(1).Inject(down) }, false, []guard.CheckOption{guard.ExpectCluster(ourCluster)}, true},
		"the majority is of another cluster": {func(c *fakemds.Cluster) { stray(c.Node(0)); stray(c.Node(1)); c.Node(2).Inject(down) }, true, []guard.CheckOption{guard.ExpectCluster(ourCluster)}, false},
	} {
		for _, force := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					cluster, service := startWith(t, 3, &fakeGuard{})
					if row.there {
						cluster.AddVolume(fresh.String())
					}
					row.prepare(cluster)
					began := time.Now()
					got, err := service.Delete(t.Context(), volume.DeleteRequest{Path: fresh, Release: volume.Release{Force: force, Options: row.options}})
					if row.known && (err != nil || got.Existed) {
						t.Errorf("%+v, %v; want that it did not exist", got, err)
					}
					if !row.known && (!errors.Is(err, volume.ErrUndetermined) || errors.Is(err, volume.ErrNotFound)) {
						t.Errorf("%+v, %v; want ErrUndetermined", got, err)
					}
					if n := mdstest.Asked(cluster, "volume/delete"); n != 0 {
						t.Errorf("%d deletes were sent", n)
					}
					if took := time.Since(began); took > time.Minute || row.known && took > 31*time.Second {
						t.Errorf("took %v", took)
					}
				})
			})
		}
	}
}

// A cluster that does not know the pool may be another one, too.
func TestDeleteInAnUnknownPool(t *testing.T) {
	for name, row := range map[string]struct {
		prepare func(*fakemds.Cluster)
		want    error
	}{
		"of the right cluster": {func(*fakemds.Cluster) {}, volume.ErrNotFound},
		"of another cluster": {func(c *fakemds.Cluster) {
			c.Node(0).Inject(fakemds.Refuse)
			c.Node(1).Inject(fakemds.Refuse)
			stray(c.Node(2))
		}, volume.ErrUndetermined},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, service := startLying(t, 3, "capacity", func(_ *fakemds.Cluster, a fields) { a["logicalPoolInfos"] = []any{} })
				row.prepare(cluster)
				_, err := service.Delete(t.Context(), volume.DeleteRequest{Path: idle})
				if !errors.Is(err, row.want) || errors.Is(err, volume.ErrNotFound) && errors.Is(err, volume.ErrUndetermined) {
					t.Errorf("%v, want %v", err, row.want)
				}
			})
		})
	}
}

// Storages older than 1.5.1 do not name their cluster: nothing confirms it.
func TestDeleteInAClusterWithoutName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := fakemds.NewCluster(t, 3, fakemds.ClusterID(ourCluster, "1.5.0"))
		addIdle(cluster)
		service := volume.NewService(mdstest.Caller(t, cluster), volume.WithGuard(&fakeGuard{cluster: cluster}))
		_, err := service.Delete(t.Context(), volume.DeleteRequest{Path: fresh, Release: volume.Release{Force: true}})
		if !errors.Is(err, volume.ErrUndetermined) {
			t.Errorf("%v, want ErrUndetermined", err)
		}
	})
}

// After a delete that may have run, an MDS of another cluster proves nothing.
func TestGoneInAnotherCluster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &fakeGuard{}
		cluster, service := startWith(t, 3, g)
		stray(cluster.Node(2))
		cluster.Node(2).Inject(fakemds.Hang.On("volume/delete"))
		g.onCheck = func(int) {
			for i := range 2 {
				cluster.Node(i).Inject(fakemds.Hang.On("volume/delete"), fakemds.Reset.On("volume/query"))
			}
		}
		_, err := service.Delete(t.Context(), volume.DeleteRequest{Path: idle})
		if !errors.Is(err, mds.ErrAmbiguous) || errors.Is(err, volume.ErrUndetermined) || errors.Is(err, volume.ErrNotFound) {
			t.Errorf("%v, want ErrAmbiguous", err)
		}
		if _, there := cluster.Volume(idle.String()); !there {
			t.Error("it was deleted: the test shows nothing")
		}
	})
}

// The MDS that saw the volume before may say that it is gone, when no other answers.
func TestGoneAsTheLastMDSSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startWith(t, 3, &fakeGuard{})
		cluster.Node(0).Inject(fakemds.Refuse)
		cluster.Node(1).Inject(fakemds.Refuse)
		if got, err := service.Delete(t.Context(), volume.DeleteRequest{Path: idle}); err != nil || !got.Existed {
			t.Errorf("%+v, %v; want it deleted", got, err)
		}
	})
}

// What the MDS say of their cluster is asked once.
func TestClusterIsAskedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startWith(t, 3, &fakeGuard{})
		for i := range 5 {
			if _, err := service.Delete(t.Context(), volume.DeleteRequest{Path: zbs.Path{Pool: "lp1", Volume: fresh.Volume}}); err != nil {
				t.Fatalf("delete %d: %v", i, err)
			}
		}
		if n := mdstest.Asked(cluster, "facts"); n > 6 { // and for the generation
			t.Errorf("facts were asked %d times", n)
		}
	})
}
