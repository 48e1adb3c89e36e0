package volume_test

import (
	"context"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// fakeGuard sees what the fake storage knows, at once.
type fakeGuard struct {
	cluster  *fakemds.Cluster
	validFor time.Duration // 13 s unless set
	takes    time.Duration // of each check
	onCheck  func(n int)   // before the check is made; n counts from 1

	mu      sync.Mutex // guards what follows
	checks  []time.Time
	options int // of the last check
}

func (g *fakeGuard) Check(_ context.Context, path zbs.Path, opts ...guard.CheckOption) (guard.Report, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.checks = append(g.checks, time.Now())
	g.options = len(opts)
	if g.onCheck != nil {
		g.onCheck(len(g.checks))
	}
	r := guard.Report{Volume: path, Verdict: guard.Free, ObservedAt: time.Now(), ValidFor: 13 * time.Second}
	if g.validFor != 0 {
		r.ValidFor = g.validFor
	}
	time.Sleep(g.takes)
	v, there := g.cluster.Volume(path.String())
	switch {
	case !there:
		r.Verdict = guard.Unknown
		return r, &guard.UndeterminedError{Path: path, Reasons: []guard.Reason{{Code: proof.VolumeMissing}}}
	case len(v.Clients) > 0:
		r.Verdict = guard.InUse
		return r, &guard.InUseError{Path: path, Holders: []guard.Holder{{Host: v.Clients[0].IP}}}
	}
	return r, nil
}

func (g *fakeGuard) checked() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.checks)
}

// startWith is startIdle with this guard.
func startWith(t *testing.T, n int, g *fakeGuard, opts ...mds.Option) (*fakemds.Cluster, *volume.Service) {
	t.Helper()
	cluster := fakemds.NewCluster(t, n)
	addIdle(cluster)
	g.cluster = cluster
	return cluster, volume.NewService(callerOf(t, cluster, opts...), volume.WithGuard(g))
}

// startProved is startIdle with a real Guard.
func startProved(t *testing.T, n int) (*fakemds.Cluster, *volume.Service) {
	t.Helper()
	cluster := fakemds.NewCluster(t, n)
	addIdle(cluster)
	caller := callerOf(t, cluster)
	return cluster, volume.NewService(caller, volume.WithGuard(realGuard(t, cluster, caller)))
}

// realGuard returns a Guard that knows the one host of the cluster, 10.0.0.5, and
// the disk of a machine that runs there.
func realGuard(t *testing.T, cluster *fakemds.Cluster, caller *mds.Caller) *guard.Guard {
	t.Helper()
	disk := zbs.Path{Pool: "lp1", Volume: "disk-of-kvm-5"}
	cluster.AddVolume(disk.String(), "10.0.0.5:9000")
	g, err := guard.New(caller, guard.Hosts{
		{Name: "kvm-5", Addrs: []netip.Addr{netip.MustParseAddr("10.0.0.5")}, Open: []zbs.Path{disk}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// addIdle makes path, open on 10.0.0.5, and idle, which nobody has open, with a
// snapshot.
func addIdle(cluster *fakemds.Cluster) {
	cluster.AddPool("lp1", "pp1")
	cluster.AddPool("lp10", "pp10")
	cluster.AddVolume(path.String(), "10.0.0.5:9001")
	cluster.AddVolume(idle.String())
	cluster.AddSnapshot(idleOld.String())
}
