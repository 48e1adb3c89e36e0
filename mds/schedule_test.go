package mds_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// Callers read and write at the same time while faults come and go. Whatever
// happens: a write runs at most once, and its error says so if it may have run;
// a call asks no MDS twice; an MDS has no more connections than allowed, none of
// them silent; and nothing is under way in the end.
func TestRandomSchedules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { rapid.SyncTest(t, runSchedule) })
}

func runSchedule(t *rapid.T) {
	n := rapid.IntRange(1, 4).Draw(t, "MDS")
	cluster := fakemds.NewCluster(t, n)
	cluster.AddPool("lp", "pp")
	cluster.AddVolume(volumePath, "10.0.0.5:9001")
	listener, err := cluster.Listen()
	if err != nil {
		t.Fatal(err)
	}
	c, err := mds.New(cluster.Addrs(), mds.WithDialContext(cluster.DialContext), mds.WithCallbackListener(listener),
		mds.WithAttemptTimeout(2*time.Second), mds.WithRetryBudget(rapid.IntRange(0, 8).Draw(t, "budget"), 0.1))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s := &schedule{T: t, cluster: cluster, caller: c, ended: make(map[string]error)}
	var wg sync.WaitGroup
	for i := range rapid.IntRange(1, 6).Draw(t, "callers") {
		pauses := rapid.SliceOfN(rapid.IntRange(0, 300), 1, 6).Draw(t, "pauses")
		wg.Go(func() {
			for k, pause := range pauses {
				time.Sleep(time.Duration(pause) * time.Millisecond)
				s.read()
				s.write(fmt.Sprintf("v%d-%d", i, k))
			}
		})
	}
	kinds := append([]string{""}, slices.Sorted(maps.Keys(breakages))...)
	for range rapid.IntRange(1, 8).Draw(t, "faults") {
		time.Sleep(time.Duration(rapid.IntRange(0, 400).Draw(t, "pause")) * time.Millisecond)
		node := cluster.Node(rapid.IntRange(0, n-1).Draw(t, "node"))
		node.Clear()
		if kind := rapid.SampledFrom(kinds).Draw(t, "kind"); kind != "" {
			node.Inject(breakages[kind])
		}
	}
	wg.Wait()
	c.Close()
	s.check(n)
}

type schedule struct {
	*rapid.T
	cluster *fakemds.Cluster
	caller  *mds.Caller

	mu    sync.Mutex // guards ended
	ended map[string]error
}

func (s *schedule) read() {
	var trace mds.Trace
	answer, err := mds.Call(s.Context(), s.caller, zbs.GetVolumeClients{Path: cbdPath}, mds.TryNext(), mds.Record(&trace))
	if err == nil && len(answer.Clients) != 1 {
		s.Errorf("clients %v", answer.Clients)
	}
	s.checkTrace(trace, err)
}

func (s *schedule) write(name string) {
	var trace mds.Trace
	_, err := mds.Call(s.Context(), s.caller, zbs.CreateVolume{LogicalPool: "lp", Volume: name, Size: zbs.Size{Count: 1}}, mds.TryNext(), mds.Record(&trace))
	s.checkTrace(trace, err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended[name] = err
}

// checkTrace says that each MDS was asked once or stands among the skipped.
func (s *schedule) checkTrace(trace mds.Trace, err error) {
	seen := make(map[zbs.Addr]int)
	for _, a := range trace.Attempts {
		seen[a.Addr]++
	}
	for _, skip := range trace.Skipped {
		seen[skip.Addr]++
	}
	for _, addr := range s.caller.Addrs() {
		if seen[addr] != 1 {
			s.Errorf("%v stands %d times in %+v: %v", addr, seen[addr], trace, err)
		}
	}
}

func (s *schedule) check(n int) {
	ran := make(map[string]int)
	for _, r := range s.cluster.Requests() {
		var command struct{ Volume string }
		if r.Endpoint == "volume/create" && r.Executed && json.Unmarshal(r.Body, &command) == nil {
			ran[command.Volume]++
		}
	}
	for name, err := range s.ended {
		walk, failed := errors.AsType[*mds.CallError](err)
		switch {
		case ran[name] > 1:
			s.Errorf("%s ran %d times", name, ran[name])
		case err == nil && ran[name] != 1:
			s.Errorf("%s succeeded and ran %d times", name, ran[name])
		case failed && !walk.MayHaveRun() && ran[name] != 0:
			s.Errorf("%s ran, and its error does not say so: %v", name, err)
		}
	}
	for i, m := range s.caller.Stats().MDS {
		if m.InFlight != 0 {
			s.Errorf("%v: %d attempts under way", m.Addr, m.InFlight)
		}
		if ended := m.Answered + m.Refused + m.Failed + m.Slow + m.Cancelled + m.Requeued; ended != m.Attempts {
			s.Errorf("%v: %d attempts began, %d ended: %+v", m.Addr, m.Attempts, ended, m)
		}
		for _, conn := range s.cluster.Node(i).Conns() {
			if conn.Silent > 0 {
				s.Errorf("%v: connection %d was silent for %v", m.Addr, conn.ID, conn.Silent)
			}
		}
	}
}
