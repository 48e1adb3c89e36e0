package volume_test

import (
	"net/netip"
	"testing"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/internal/mdstest"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

const (
	snapID  = "0123456789abcdef0123456789abcdef"
	otherID = "f123456789abcdef0123456789abcdef"
)

var (
	idle    = zbs.Path{Pool: "lp1", Volume: "idle"} // nobody has it open
	idleOld = zbs.Path{Pool: "lp1", Volume: "idle", Snapshot: snapID}
	fresh   = zbs.Path{Pool: "lp1", Volume: "fresh"}
)

var path = zbs.Path{Pool: "lp1", Volume: "vol"}

const heartbeat = "zbs://lp1/" + guard.HeartbeatVolume

// start returns a cluster whose pools' names contain each other, with path open
// on 10.0.0.5, and a Service in front of it.
func start(t *testing.T, n int, opts ...mds.Option) (*fakemds.Cluster, *volume.Service) {
	t.Helper()
	cluster := fakemds.NewCluster(t, n, fakemds.KeepHeartbeatOpen())
	cluster.AddPool("lp1", "pp1")
	cluster.AddPool("lp10", "pp10")
	cluster.AddVolume(path.String(), "10.0.0.5:9001")
	return cluster, volume.NewService(mdstest.Caller(t, cluster, opts...))
}

// startWith is startIdle with this guard.
func startWith(t *testing.T, n int, g *fakeGuard, opts ...mds.Option) (*fakemds.Cluster, *volume.Service) {
	t.Helper()
	cluster := fakemds.NewCluster(t, n)
	addIdle(cluster)
	g.cluster = cluster
	return cluster, volume.NewService(mdstest.Caller(t, cluster, opts...), volume.WithGuard(g))
}

// startProved is startIdle with a real Guard.
func startProved(t *testing.T, n int) (*fakemds.Cluster, *volume.Service) {
	t.Helper()
	cluster := fakemds.NewCluster(t, n)
	addIdle(cluster)
	caller := mdstest.Caller(t, cluster)
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

// startIdle is start with a volume of 10 GiB that nobody has open and that has
// a snapshot, and with a guard that sees what the storage knows.
func startIdle(t *testing.T, n int, opts ...mds.Option) (*fakemds.Cluster, *volume.Service) {
	t.Helper()
	return startWith(t, n, &fakeGuard{}, opts...)
}

// unchanged fails the test when anything but a read has reached the cluster.
func unchanged(t *testing.T, cluster *fakemds.Cluster) {
	t.Helper()
	for _, q := range cluster.Requests() {
		switch q.Endpoint {
		case "": // none that the agent has: nothing ran
		case "capacity", "facts", "ping", "resource/usage", "volume/query", "volume/clients", "snapshot/query":
		default:
			t.Errorf("%s was sent", q.Endpoint)
		}
	}
}

// firstAsked returns which MDS is asked first about the idle volume.
func firstAsked(t *testing.T, cluster *fakemds.Cluster, service *volume.Service) int {
	t.Helper()
	if _, err := service.Query(t.Context(), idle); err != nil {
		t.Fatal(err)
	}
	for i, n := range cluster.Asked("volume/query") {
		if n > 0 {
			return i
		}
	}
	return 0
}
