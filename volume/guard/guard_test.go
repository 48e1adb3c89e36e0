package guard_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

var path = zbs.Path{Pool: "lp1", Volume: "vol"}

const heartbeat = "zbs://lp1/" + guard.HeartbeatVolume

// interval is the default round interval.
const interval = guard.DefaultRefresh + guard.DefaultLeaderRetry

// guarded returns a cluster of 3 hosts with their heartbeats, on which path is
// open on nobody, and a Guard.
func guarded(t *testing.T, n int, opts ...guard.CheckOption) (*fakemds.Cluster, *guard.Guard) {
	t.Helper()
	cluster := fakemds.NewCluster(t, n, fakemds.KeepHeartbeatOpen())
	cluster.AddPool("lp1", "pp1")
	cluster.AddPool("lp10", "pp10")
	cluster.AddVolume(path.String())
	cluster.AddVolume(heartbeat)
	for i := range 3 {
		cluster.Open(heartbeat, fmt.Sprintf("10.0.0.%d:9000", i+5))
	}
	return cluster, guard.New(callerOf(t, cluster), opts...)
}

func callerOf(t *testing.T, cluster *fakemds.Cluster) *mds.Caller {
	t.Helper()
	listener, err := cluster.Listen()
	if err != nil {
		t.Fatal(err)
	}
	caller, err := mds.New(cluster.Addrs(), mds.WithDialContext(cluster.DialContext), mds.WithCallbackListener(listener))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { caller.Close() })
	return caller
}

// asked returns how many requests for the endpoint reached the cluster.
func asked(cluster *fakemds.Cluster, endpoint string) (sum int) {
	for _, n := range cluster.Asked(endpoint) {
		sum += n
	}
	return sum
}

func TestGuardFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, g := guarded(t, 3)
		began := time.Now()
		report, err := g.Check(t.Context(), path, guard.MinCanaryHosts(3))
		if err != nil || report.Verdict != guard.Free || report.Rounds != 2 || len(report.Notes) != 0 {
			t.Fatalf("%v after %d rounds, notes %v: %v", report.Verdict, report.Rounds, report.Notes, err)
		}
		if took := time.Since(began); took != interval {
			t.Errorf("took %v, want the interval between its rounds, %v", took, interval)
		}
		if report.ObservedAt != began.Add(interval) || report.ValidFor != interval {
			t.Errorf("observed at %v for %v", report.ObservedAt, report.ValidFor)
		}
	})
}

func TestGuardInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, g := guarded(t, 3)
		cluster.Open(path.String(), "10.0.0.6:9001")
		began := time.Now()
		report, err := g.Check(t.Context(), path)
		inUse, ok := errors.AsType[*guard.InUseError](err)
		if !ok || !errors.Is(err, guard.ErrInUse) || len(inUse.Holders) != 1 || inUse.Holders[0].Host != "10.0.0.6" || report.Verdict != guard.InUse {
			t.Errorf("%v, %v", report.Verdict, err)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("took %v, want one round", took)
		}
		if _, err := g.Check(t.Context(), path, guard.AllowHost("::ffff:10.0.0.6")); err != nil {
			t.Errorf("on the allowed host: %v", err)
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
