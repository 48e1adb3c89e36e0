package volume_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/internal/mdstest"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/zbs"
)

// lab is a cluster of some generations with a volume, a snapshot and a clone, and
// what an operation is tried with.
type lab struct {
	*testing.T
	*volume.Service
	cluster *fakemds.Cluster
	caller  *mds.Caller
}

const (
	labSnapshot = "0123456789abcdef0123456789abcdef"
	labPassword = "S3cret-of-the-host"
)

var (
	labVolume = zbs.Path{Pool: "lp1", Volume: "vol"}
	labSnap   = zbs.Path{Pool: "lp1", Volume: "vol", Snapshot: labSnapshot}
	labClone  = zbs.Path{Pool: "lp1", Volume: "clone"}
	labHost   = zbs.HostAccess{IP: "10.0.0.9", Port: 22, Username: "root", Password: labPassword}
)

func newLab(t *testing.T, generations ...fakemds.Generation) lab {
	cluster := fakemds.NewCluster(t, len(generations), fakemds.Generations(generations...))
	cluster.AddPool("lp1", "pp1")
	cluster.AddPool("lp10", "pp10")
	cluster.AddVolume(labVolume.String())
	cluster.AddVolume("zbs://lp1/free")
	cluster.AddVolume("zbs://lp1/busy", "10.0.0.5:9001")
	cluster.AddSnapshot(labSnap.String())
	cluster.AddSnapshot("zbs://lp1/free@" + labSnapshot)
	cluster.AddClone(labSnap.String(), labClone.Volume)
	caller := mdstest.Caller(t, cluster)
	return lab{t, volume.NewService(caller), cluster, caller}
}

// has checks what the storage has of a volume.
func (l lab) has(path string, exists bool) {
	l.Helper()
	if _, ok := l.cluster.Volume(path); ok != exists {
		l.Errorf("%s exists %t, want %t", path, ok, exists)
	}
}

func (l lab) hasSnapshot(path, name string, exists bool) {
	l.Helper()
	state, _ := l.cluster.Volume(path)
	if got := slices.ContainsFunc(state.Snapshots, func(s fakemds.SnapshotState) bool { return s.Name == name }); got != exists {
		l.Errorf("%s@%s exists %t, want %t", path, name, got, exists)
	}
}

// operation is one thing that a Service does. do does it, and checks with the
// storage when the Service says that it is done.
type operation struct {
	name string
	// by are the generations that can do it; nil: all that are not too old.
	by []fakemds.Generation
	do func(l lab, ctx context.Context) error
}

// checked calls check when err is nil.
func checked(err error, check func()) error {
	if err == nil {
		check()
	}
	return err
}

var (
	deploying = []fakemds.Generation{fakemds.G8, fakemds.G9}
	withBdevs = []fakemds.Generation{fakemds.G8, fakemds.G9, fakemds.G10}
	sinceG9   = []fakemds.Generation{fakemds.G9, fakemds.G10}
	checking  = []fakemds.Generation{fakemds.G10}
	listing   = []fakemds.Generation{fakemds.G7e} // snapshots
	force     = volume.Release{Force: true}
)

var operations = []operation{
	{"clients", nil, func(l lab, ctx context.Context) error {
		list, err := l.Clients(ctx, zbs.Path{Pool: "lp1", Volume: "busy"})
		return checked(err, func() {
			if len(list.Clients) != 1 {
				l.Errorf("clients %v", list.Clients)
			}
		})
	}},
	{"query", nil, func(l lab, ctx context.Context) error {
		info, err := l.Query(ctx, labClone)
		return checked(err, func() {
			if info.Size != 10<<30 || info.Parent != labSnap.String() {
				l.Errorf("info %+v", info)
			}
		})
	}},
	{"query all", nil, func(l lab, ctx context.Context) error {
		infos, err := l.QueryAll(ctx, []zbs.Path{labVolume, labClone, {Pool: "lp1", Volume: "nope"}})
		return checked(err, func() {
			if len(infos) != 2 || infos[labVolume].Size != 10<<30 {
				l.Errorf("infos %+v", infos)
			}
		})
	}},
	{"pools", nil, func(l lab, ctx context.Context) error {
		pools, err := l.Pools(ctx)
		return checked(err, func() {
			if len(pools) != 2 {
				l.Errorf("pools %+v", pools)
			}
		})
	}},
	{"create", nil, func(l lab, ctx context.Context) error {
		_, err := l.Create(ctx, volume.CreateRequest{Path: zbs.Path{Pool: "lp1", Volume: "new"}, Size: 3 << 20})
		return checked(err, func() {
			if state, ok := l.cluster.Volume("zbs://lp1/new"); !ok || state.Size != 3<<20 {
				l.Errorf("created %+v", state)
			}
		})
	}},
	{"delete", nil, func(l lab, ctx context.Context) error {
		_, err := l.Delete(ctx, volume.DeleteRequest{Path: zbs.Path{Pool: "lp1", Volume: "free"}, Release: force})
		return checked(err, func() { l.has("zbs://lp1/free", false) })
	}},
	{"expand", nil, func(l lab, ctx context.Context) error {
		_, err := l.Expand(ctx, volume.ExpandRequest{Path: labVolume, Size: 20 << 30})
		return checked(err, func() {
			if state, _ := l.cluster.Volume(labVolume.String()); state.Size != 20<<30 {
				l.Errorf("expanded to %d", state.Size)
			}
		})
	}},
	{"clone", nil, func(l lab, ctx context.Context) error {
		_, err := l.Clone(ctx, volume.CloneRequest{Snapshot: labSnap, Volume: zbs.Path{Pool: "lp1", Volume: "second"}})
		return checked(err, func() { l.has("zbs://lp1/second", true) })
	}},
	{"copy", nil, func(l lab, ctx context.Context) error {
		_, err := l.Copy(ctx, volume.CloneRequest{Snapshot: labSnap, Volume: zbs.Path{Pool: "lp1", Volume: "second"}})
		return checked(err, func() { l.has("zbs://lp1/second", true) })
	}},
	{"copy to another pool", sinceG9, func(l lab, ctx context.Context) error {
		_, err := l.Copy(ctx, volume.CloneRequest{Snapshot: labSnap, Volume: zbs.Path{Pool: "lp10", Volume: "second"}})
		l.has("zbs://lp1/second", false)
		return checked(err, func() { l.has("zbs://lp10/second", true) })
	}},
	{"flatten", nil, func(l lab, ctx context.Context) error {
		_, err := l.Flatten(ctx, labClone)
		return checked(err, func() {
			if state, _ := l.cluster.Volume(labClone.String()); state.Parent != "" {
				l.Errorf("still a clone of %s", state.Parent)
			}
		})
	}},
	{"create snapshot", nil, func(l lab, ctx context.Context) error {
		path := labVolume
		path.Snapshot = strings.Repeat("f", 32)
		_, err := l.CreateSnapshot(ctx, volume.SnapshotRequest{Path: path})
		return checked(err, func() { l.hasSnapshot(labVolume.String(), path.Snapshot, true) })
	}},
	{"delete snapshot", nil, func(l lab, ctx context.Context) error {
		err := l.DeleteSnapshot(ctx, zbs.Path{Pool: "lp1", Volume: "free", Snapshot: labSnapshot})
		return checked(err, func() { l.hasSnapshot("zbs://lp1/free", labSnapshot, false) })
	}},
	{"rollback", nil, func(l lab, ctx context.Context) error {
		_, err := l.Rollback(ctx, volume.RollbackRequest{Path: labSnap, Release: force})
		return checked(err, func() {
			if state, _ := l.cluster.Volume(labVolume.String()); state.Rollbacks != 1 {
				l.Errorf("rolled back %d times", state.Rollbacks)
			}
		})
	}},
	{"export and end it", nil, func(l lab, ctx context.Context) error {
		export, err := l.ExportNBD(ctx, volume.ExportRequest{Path: labVolume, Ports: zbs.PortRange{First: 10600, Last: 10610}, Release: force})
		if err != nil {
			return err
		}
		return l.UnexportNBD(ctx, export.MDS, export.Port)
	}},
	{"resource usage of one MDS", sinceG9, func(l lab, ctx context.Context) error {
		var errs []error
		for _, addr := range l.caller.Addrs() {
			usage, err := l.ResourceUsage(ctx, addr)
			if err == nil && usage.Serial != "" {
				return nil
			}
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	}},
	{"deploy client", nil, func(l lab, ctx context.Context) error {
		return l.DeployClient(ctx, zbs.DeployClient{Host: labHost})
	}},
	{"deploy vhost", deploying, func(l lab, ctx context.Context) error {
		return l.DeployVhost(ctx, zbs.DeployVhost{Host: labHost})
	}},
	{"destroy vhost", deploying, func(l lab, ctx context.Context) error {
		return l.DestroyVhost(ctx, zbs.DestroyVhost{Host: labHost})
	}},
	{"check vhost", checking, func(l lab, ctx context.Context) error {
		return l.CheckVhost(ctx, zbs.HostAccess{IP: labHost.IP})
	}},
	{"vhost health", checking, func(l lab, ctx context.Context) error {
		l.cluster.SetVhostTarget("10.0.0.10", false)
		for host, want := range map[string]bool{labHost.IP: true, "10.0.0.10": false} {
			running, err := l.VhostHealth(ctx, host)
			if err != nil {
				return err
			}
			if running != want {
				l.Errorf("vhost of %s runs %t", host, running)
			}
		}
		return nil
	}},
	{"query snapshot", listing, func(l lab, ctx context.Context) error {
		missing := labSnap
		missing.Snapshot = strings.Repeat("e", 32)
		for path, want := range map[zbs.Path]bool{labSnap: true, missing: false} {
			exists, err := l.QuerySnapshot(ctx, path)
			if err != nil {
				return err
			}
			if exists != want {
				l.Errorf("%s exists %t", path, exists)
			}
		}
		return nil
	}},
	{"bdev with a password", withBdevs, func(l lab, ctx context.Context) error { return l.bdev(ctx, labHost) }},
	{"bdev by address", sinceG9, func(l lab, ctx context.Context) error { return l.bdev(ctx, zbs.HostAccess{IP: labHost.IP}) }},
}

// bdev makes a block device and removes it.
func (l lab) bdev(ctx context.Context, host zbs.HostAccess) error {
	if _, err := l.CreateBdev(ctx, zbs.CreateBdev{Host: host, LogicalPool: "lp1", Volume: "vol", Bdev: "b"}); err != nil {
		return err
	}
	if state, _ := l.cluster.Volume(labVolume.String()); len(state.Clients) != 1 {
		l.Errorf("clients of the block device: %v", state.Clients)
	}
	return l.DeleteBdev(ctx, zbs.DeleteBdev{Host: host, Bdev: "b"})
}

// labClusters are one of each generation, and mixed ones as an upgrade makes them.
func labClusters() (all [][]fakemds.Generation) {
	for _, g := range fakemds.AllGenerations() {
		all = append(all, []fakemds.Generation{g})
	}
	return append(all,
		[]fakemds.Generation{fakemds.G6, fakemds.G7e, fakemds.G10},
		[]fakemds.Generation{fakemds.G8, fakemds.G9, fakemds.G10},
		[]fakemds.Generation{fakemds.G1, fakemds.G6z, fakemds.G9})
}

// Every operation is done, refused or explained, on every generation and in mixed
// clusters. Nothing on a node or in the storage changes that was not asked for, no
// password goes where it is not needed, and nothing is called done that is not.
func TestEveryOperationOnEveryGeneration(t *testing.T) {
	for _, generations := range labClusters() {
		t.Run(fmt.Sprint(generations), func(t *testing.T) {
			for _, op := range operations {
				t.Run(op.name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						l := newLab(t, generations...)
						checkLab(l, op, generations, op.do(l, t.Context()))
					})
				})
			}
		})
	}
}

func checkLab(l lab, op operation, generations []fakemds.Generation, err error) {
	l.Helper()
	old := func(g fakemds.Generation) bool { return g <= fakemds.G6z }
	can := func(g fakemds.Generation) bool { return !old(g) && (op.by == nil || slices.Contains(op.by, g)) }
	switch {
	case slices.ContainsFunc(generations, can):
		if err != nil {
			l.Errorf("an agent of %v can do it: %v", op.by, err)
		}
	case !slices.ContainsFunc(generations, func(g fakemds.Generation) bool { return !old(g) }):
		if !errors.Is(err, mds.ErrAgentTooOld) || errors.Is(err, mds.ErrAmbiguous) {
			l.Errorf("%v, want ErrAgentTooOld", err)
		}
	default:
		if !errors.Is(err, mds.ErrUnsupported) && !errors.Is(err, zbs.ErrHostAccess) || errors.Is(err, mds.ErrAmbiguous) {
			l.Errorf("%v, want ErrUnsupported", err)
		}
	}
	for _, harm := range l.cluster.Harm() {
		l.Errorf("harm: %+v", harm)
	}
	for _, q := range l.cluster.Requests() {
		if q.DidNothing {
			l.Errorf("%s claimed success and did nothing", q.Path)
		}
		g := nodeOf(l.cluster, q.Node).Generation()
		if old(g) && !q.Probe && q.Endpoint != "" {
			l.Errorf("%v got %s", g, q.Path)
		}
		if strings.Contains(string(q.Body), labPassword) && (!q.Executed || g != fakemds.G8 && strings.Contains(q.Path, "bdev")) {
			l.Errorf("%v was sent the password with %s", g, q.Path)
		}
	}
}

func nodeOf(cluster *fakemds.Cluster, addr string) *fakemds.Node {
	for i := range cluster.Addrs() {
		if cluster.Node(i).Addr() == addr {
			return cluster.Node(i)
		}
	}
	return nil
}
