package guard_test

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/internal/mdstest"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

var path = zbs.Path{Pool: "lp1", Volume: "vol"}

// interval is the default round interval.
const interval = guard.DefaultRefresh + guard.DefaultLeaderRetry

// kvm returns host i, 1 to 9: it has two addresses, and the disk of a machine open.
func kvm(i int) guard.Host {
	return guard.Host{
		Name:  fmt.Sprintf("kvm-%d", i),
		Addrs: []netip.Addr{netip.MustParseAddr(fmt.Sprintf("10.0.0.%d", i)), netip.MustParseAddr(fmt.Sprintf("192.168.7.%d", i))},
		Open:  []zbs.Path{disk(i)},
	}
}

// disk is the disk of a machine that runs on host i.
func disk(i int) zbs.Path { return zbs.Path{Pool: "lp1", Volume: fmt.Sprintf("disk-%d", i)} }

// cluster is n MDS with three hosts, on each of which a machine runs, and path,
// which is open nowhere.
func newCluster(t *testing.T, n int, opts ...fakemds.Option) *fakemds.Cluster {
	t.Helper()
	cluster := fakemds.NewCluster(t, n, opts...)
	cluster.AddPool("lp1", "pp1")
	cluster.AddPool("lp10", "pp10")
	cluster.AddVolume(path.String())
	for i := range 3 {
		cluster.AddVolume(disk(i+1).String(), fmt.Sprintf("10.0.0.%d:9000", i+1))
	}
	return cluster
}

func hosts() guard.Hosts { return guard.Hosts{kvm(1), kvm(2), kvm(3)} }

// guarded returns a cluster of n MDS and a Guard that knows its hosts.
func guarded(t *testing.T, n int, opts ...guard.CheckOption) (*fakemds.Cluster, *guard.Guard) {
	t.Helper()
	cluster := newCluster(t, n)
	return cluster, guardOf(t, cluster, hosts(), opts...)
}

func guardOf(t *testing.T, cluster *fakemds.Cluster, hosts guard.HostSource, opts ...guard.CheckOption) *guard.Guard {
	t.Helper()
	g, err := guard.New(mdstest.Caller(t, cluster), hosts, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestGuardFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, g := guarded(t, 3)
		began := time.Now()
		report, err := g.Check(t.Context(), path)
		if err != nil || report.Verdict != guard.Free || report.Rounds != 2 {
			t.Fatalf("%v after %d rounds, notes %v: %v", report.Verdict, report.Rounds, report.Notes, err)
		}
		if took := time.Since(began); took != interval {
			t.Errorf("took %v, want the interval between its rounds, %v", took, interval)
		}
		if report.ObservedAt != began.Add(interval) || report.ValidFor != interval {
			t.Errorf("observed at %v for %v", report.ObservedAt, report.ValidFor)
		}
		for _, h := range report.Hosts {
			if h.Means != proof.Visible {
				t.Errorf("%s is %v, want visible", h.Host, h.Means)
			}
		}
	})
}

func TestGuardInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, g := guarded(t, 3)
		cluster.Open(path.String(), "10.0.0.2:9001")
		began := time.Now()
		report, err := g.Check(t.Context(), path)
		inUse, ok := errors.AsType[*guard.InUseError](err)
		if !ok || !errors.Is(err, guard.ErrInUse) || len(inUse.Holders) != 1 || inUse.Holders[0].Host != "kvm-2" || report.Verdict != guard.InUse {
			t.Errorf("%v, %v", report.Verdict, err)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("took %v, want one round", took)
		}
		if _, err := g.Check(t.Context(), path, guard.AllowHost("::ffff:10.0.0.2")); err != nil {
			t.Errorf("on the allowed host: %v", err)
		}
	})
}

// A check that a foreign client ended at once says nothing of the MDS that had not
// answered by then.
func TestGuardFreeRightAfterInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, g := guarded(t, 3)
		cluster.Open(path.String(), "10.0.0.2:9001")
		if _, err := g.Check(t.Context(), path); !errors.Is(err, guard.ErrInUse) {
			t.Fatal(err)
		}
		cluster.CloseClient(path.String(), "10.0.0.2")
		began := time.Now()
		if report, err := g.Check(t.Context(), path); err != nil || report.Rounds != 2 {
			t.Errorf("%v after %d rounds: %v", report.Verdict, report.Rounds, err)
		}
		if took := time.Since(began); took > interval+100*time.Millisecond {
			t.Errorf("took %v, want about %v", took, interval)
		}
	})
}

func TestZeroGuardDenies(t *testing.T) {
	var g guard.Guard
	report, err := g.Check(t.Context(), path)
	if !errors.Is(err, guard.ErrUndetermined) || report.Verdict != guard.Unknown {
		t.Errorf("%v, %v; want Unknown", report.Verdict, err)
	}
	if report, err := g.Wait(t.Context(), path); !errors.Is(err, guard.ErrUndetermined) {
		t.Errorf("wait: %v, %v; want Unknown at once", report.Verdict, err)
	}
	if (guard.Report{}).Verdict != guard.Unknown {
		t.Error("the zero report is no Unknown")
	}
}
