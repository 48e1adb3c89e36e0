package volume_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/volume"
)

const heartbeat = "zbs://lp1/" + volume.HeartbeatVolume

// interval is the default round interval.
const interval = volume.DefaultRefresh + volume.DefaultLeaderRetry

// guarded returns a cluster of 3 hosts with their heartbeats, on which path is
// open on nobody, and a Guard.
func guarded(t *testing.T, n int, opts ...volume.CheckOption) (*fakemds.Cluster, *volume.Guard) {
	t.Helper()
	cluster, service := start(t, n)
	cluster.CloseClient(path.String(), "10.0.0.5")
	cluster.AddVolume(heartbeat)
	for i := range 3 {
		cluster.Open(heartbeat, fmt.Sprintf("10.0.0.%d:9000", i+5))
	}
	return cluster, volume.NewGuard(service, opts...)
}

func TestGuardFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, guard := guarded(t, 3)
		began := time.Now()
		report, err := guard.Check(t.Context(), path, volume.MinCanaryHosts(3))
		if err != nil || report.Verdict != volume.Free || report.Rounds != 2 || len(report.Notes) != 0 {
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
		cluster, guard := guarded(t, 3)
		cluster.Open(path.String(), "10.0.0.6:9001")
		began := time.Now()
		report, err := guard.Check(t.Context(), path)
		inUse, ok := errors.AsType[*volume.InUseError](err)
		if !ok || !errors.Is(err, volume.ErrInUse) || len(inUse.Holders) != 1 || inUse.Holders[0].Host != "10.0.0.6" || report.Verdict != volume.InUse {
			t.Errorf("%v, %v", report.Verdict, err)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("took %v, want one round", took)
		}
		if _, err := guard.Check(t.Context(), path, volume.AllowHost("::ffff:10.0.0.6")); err != nil {
			t.Errorf("on the allowed host: %v", err)
		}
	})
}

func TestZeroGuardDenies(t *testing.T) {
	var guard volume.Guard
	report, err := guard.Check(t.Context(), path)
	if !errors.Is(err, volume.ErrUndetermined) || report.Verdict != volume.Unknown {
		t.Errorf("%v, %v; want Unknown", report.Verdict, err)
	}
	if report, err := guard.Wait(t.Context(), path); !errors.Is(err, volume.ErrUndetermined) {
		t.Errorf("wait: %v, %v; want Unknown at once", report.Verdict, err)
	}
	if (volume.Report{}).Verdict != volume.Unknown {
		t.Error("the zero report is no Unknown")
	}
}
