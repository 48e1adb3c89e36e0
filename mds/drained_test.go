package mds_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

var clone = zbs.CloneVolume{Path: zbs.CBDPath{PhysicalPool: "pp", Path: zbs.Path{Pool: "lp", Volume: "vol", Snapshot: "snap"}}, DstVolume: "clone"}

func TestSettled(t *testing.T) {
	for name, row := range map[string]struct {
		fault   fakemds.Fault
		settled bool
		made    bool // by the time it is settled
	}{
		"never came to work":         {fakemds.Hang.Times(1), true, false},
		"reset before":               {fakemds.Reset.Times(1), true, false},
		"reset after":                {fakemds.ResetAfter.Times(1), true, true},
		"refused after it was sent":  {fakemds.StatusAfter(500).Times(1), true, true},
		"answer lost":                {fakemds.CallbackLost.Times(1), true, true},
		"still at work":              {fakemds.Slow(time.Hour).Times(1), false, false},
		"its callback is still due":  {fakemds.CallbackLate(time.Hour).Times(1), false, true},
		"the MDS cannot be asked":    {fakemds.Hang, false, false},
		"the callback comes with it": {fakemds.CallbackLate(35 * time.Second).Times(1), true, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, c := start(t, 1)
				cluster.AddSnapshot(volumePath + "@snap")
				cluster.Node(0).Inject(row.fault)
				_, err := mds.Call(t.Context(), c, clone)
				walk, ok := errors.AsType[*mds.CallError](err)
				if !ok || !walk.MayHaveRun() {
					if row.made && err == nil {
						return // its callback came in time
					}
					t.Fatalf("%v, want an ambiguous failure", err)
				}
				if got := walk.Drained(t.Context(), c); got != row.settled {
					t.Errorf("settled: %v, want %v, after %v", got, row.settled, err)
				}
				if _, made := cluster.Volume("zbs://lp/clone"); made != row.made {
					t.Errorf("the clone is there: %v, want %v", made, row.made)
				}
				executed := cluster.Executed("volume/clone")
				time.Sleep(2 * time.Hour)
				if later := cluster.Executed("volume/clone"); row.settled && later != executed {
					t.Error("it ran after it was settled")
				}
			})
		})
	}
}

// Whoever cannot be asked keeps the call unsettled, whatever the others say.
func TestSettledAsksEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 2)
		cluster.Node(0).Inject(fakemds.Hang)
		cluster.Node(1).Inject(fakemds.Hang.Times(1))
		_, err := mds.Call(t.Context(), c, zbs.ExpandVolume{Path: cbdPath, Size: zbs.Size{Count: 20}}, mds.TryNext())
		walk, _ := errors.AsType[*mds.CallError](err)
		began := time.Now()
		if walk.Drained(t.Context(), c) {
			t.Error("settled while one MDS hangs")
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("took %v, want at most 10s", took)
		}
		cluster.Node(0).Clear()
		if !walk.Drained(t.Context(), c) {
			t.Error("not settled although both answer")
		}
	})
}

// An agent whose facts name no cluster may be of a generation that runs a task id
// twice: its results say nothing.
func TestSettledOfAnUnknownAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := fakemds.NewCluster(t, 1, fakemds.ClusterID("11111111-2222-3333-4444-555555555555", "1.5.0"))
		cluster.AddPool("lp", "pp")
		cluster.AddVolume(volumePath)
		cluster.AddSnapshot(volumePath + "@snap")
		c := mds.Recognised(newCaller(t, cluster))
		cluster.Node(0).Inject(fakemds.Reset.Times(1))
		_, err := mds.Call(t.Context(), c, clone)
		walk, ok := errors.AsType[*mds.CallError](err)
		if !ok || !walk.MayHaveRun() {
			t.Fatalf("%v, want an ambiguous failure", err)
		}
		if walk.Drained(t.Context(), c) {
			t.Error("settled by an agent that is not known to drop a task id it has in work")
		}
	})
}
