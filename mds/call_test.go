package mds_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

const volumePath = "zbs://lp/vol"

var cbdPath = zbs.CBDPath{PhysicalPool: "pp", Path: zbs.Path{Pool: "lp", Volume: "vol"}}

// start returns a cluster with volumePath open on 10.0.0.5, and a Caller that knows
// the agents.
func start(t *testing.T, n int, opts ...mds.Option) (*fakemds.Cluster, *mds.Caller) {
	t.Helper()
	cluster := fakemds.NewCluster(t, n)
	cluster.AddPool("lp", "pp")
	cluster.AddVolume(volumePath, "10.0.0.5:9001")
	return cluster, mds.Recognised(newCaller(t, cluster, opts...))
}

func newCaller(t *testing.T, cluster *fakemds.Cluster, opts ...mds.Option) *mds.Caller {
	t.Helper()
	listener, err := cluster.Listen()
	if err != nil {
		t.Fatal(err)
	}
	c, err := mds.New(cluster.Addrs(), append([]mds.Option{
		mds.WithDialContext(cluster.DialContext), mds.WithCallbackListener(listener),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestReadsOverTheFake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := start(t, 1)
		clients, err := mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: cbdPath})
		if diff := cmp.Diff(zbs.VolumeClients{Clients: []zbs.Client{{IP: "10.0.0.5", Port: 9001}}}, clients); diff != "" || err != nil {
			t.Errorf("clients: %v (-want +got):\n%s", err, diff)
		}
		if _, err := mds.Call(t.Context(), c, zbs.Echo{}); err != nil {
			t.Errorf("echo: %v", err)
		}
		facts, err := mds.Call(t.Context(), c, zbs.GetFacts{})
		if err != nil || facts.UUID == "" || facts.Version != "1.6.2" {
			t.Errorf("facts: %+v, %v", facts, err)
		}
		ping, err := mds.Call(t.Context(), c, zbs.Ping{Cluster: facts})
		if err != nil || !ping.Synced() {
			t.Errorf("ping: %+v, %v", ping, err)
		}
		if _, err := mds.Call(t.Context(), c, zbs.Ping{Cluster: zbs.Facts{UUID: "other", Version: "1.6.2"}}); !isAgentError(err) {
			t.Errorf("ping of another cluster: %v, want an AgentError", err)
		}
		capacity, err := mds.Call(t.Context(), c, zbs.GetCapacity{})
		if err != nil || len(capacity.Pools) != 1 || capacity.Pools[0].PhysicalName != "pp" {
			t.Errorf("capacity: %+v, %v", capacity, err)
		}
		info, err := mds.Call(t.Context(), c, zbs.QueryVolume{Path: cbdPath})
		if err != nil || info.Size != 10<<30 {
			t.Errorf("query: %+v, %v", info, err)
		}
		gone := cbdPath
		gone.Volume = "nope"
		_, err = mds.Call(t.Context(), c, zbs.QueryVolume{Path: gone})
		if no, ok := errors.AsType[*zbs.AgentError](err); !ok || !no.NotFound() {
			t.Errorf("query of no volume: %v, want a not-found AgentError", err)
		}
	})
}

func isAgentError(err error) bool {
	_, ok := errors.AsType[*zbs.AgentError](err)
	return ok
}

// What a broken first MDS costs without a stagger, to the nanosecond.
func TestBrokenFirstMDSCosts(t *testing.T) {
	for _, tc := range []struct {
		name  string
		fault fakemds.Fault
		want  time.Duration
	}{
		{"refused: one failed connect", fakemds.Refuse, 0},
		{"hung: one attempt time-out", fakemds.Hang, 7 * time.Second},
		{"blackholed: one connect time-out", fakemds.Blackhole, 3 * time.Second},
		{"reset: nothing", fakemds.Reset, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, c := start(t, 3, mds.WithHedging(0, 0), mds.WithAttemptTimeout(7*time.Second), mds.WithConnectTimeout(3*time.Second))
				cluster.Node(0).Inject(tc.fault)
				began := time.Now()
				var trace mds.Trace
				_, err := mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: cbdPath}, mds.TryNext(), mds.Record(&trace))
				if err != nil {
					t.Fatal(err)
				}
				if got := time.Since(began); got != tc.want {
					t.Errorf("the call took %v, want %v", got, tc.want)
				}
				if got := trace.Attempts[0].Duration; got != tc.want {
					t.Errorf("the attempt took %v, want %v", got, tc.want)
				}
				if addr, ok := trace.Answered(); !ok || addr.String() != cluster.Addrs()[1] {
					t.Errorf("answered by %v, want %s", addr, cluster.Addrs()[1])
				}
				if n := len(cluster.Node(2).Requests()); n != 0 {
					t.Errorf("the third MDS was asked %d times", n)
				}
			})
		})
	}
}

func TestDefaultTimeouts(t *testing.T) {
	for name, tc := range map[string]struct {
		fault fakemds.Fault
		phase mds.Phase
	}{
		"connect": {fakemds.Blackhole, mds.PhaseDial},
		"attempt": {fakemds.Hang, mds.PhaseWait},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, c := start(t, 1)
				cluster.Node(0).Inject(tc.fault)
				began := time.Now()
				_, err := mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: cbdPath})
				if got := time.Since(began); got != 30*time.Second {
					t.Errorf("took %v, want 30s", got)
				}
				walk, ok := errors.AsType[*mds.CallError](err)
				if !ok || walk.Attempts[0].Phase != tc.phase || !errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("error %v, want a time-out of phase %s", err, tc.phase)
				}
			})
		})
	}
}

func TestAllDeadIsOneLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3, mds.WithAttemptTimeout(2*time.Second))
		cluster.Node(0).Inject(fakemds.Refuse)
		cluster.Node(1).Inject(fakemds.Hang)
		cluster.Node(2).Inject(fakemds.AgentError("line one\nline two"))
		_, err := mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: cbdPath}, mds.TryNext())
		a := cluster.Addrs()
		want := fmt.Sprintf("volume/clients: 3 MDS tried: %s: dial: connection refused; %s: wait: no answer within 2s; "+
			"%s: agent: line one; line two", a[0], a[1], a[2])
		if err == nil || err.Error() != want {
			t.Errorf("error\n%v, want\n%s", err, want)
		}
		for _, target := range []error{mds.ErrAllFailed, syscall.ECONNREFUSED, os.ErrDeadlineExceeded} {
			if !errors.Is(err, target) {
				t.Errorf("error does not match %v", target)
			}
		}
		for _, target := range []error{mds.ErrAmbiguous, mds.ErrNoCandidates, context.DeadlineExceeded} {
			if errors.Is(err, target) {
				t.Errorf("error matches %v", target)
			}
		}
		if !isAgentError(err) {
			t.Error("errors.As finds no AgentError")
		}
		if table := fmt.Sprintf("%+v", err); strings.Count(table, "\n") < 4 || !strings.Contains(table, "PHASE") {
			t.Errorf("%%+v is no table:\n%s", table)
		}
	})
}

func TestContextEndsTheWalk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3, mds.WithHedging(0, 0), mds.WithAttemptTimeout(2*time.Second))
		for i := range 3 {
			cluster.Node(i).Inject(fakemds.Hang)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		_, err := mds.Call(ctx, c, zbs.GetVolumeClients{Path: cbdPath}, mds.TryNext())
		walk, ok := errors.AsType[*mds.CallError](err)
		if !ok || len(walk.Attempts) != 2 || !errors.Is(walk.Stop, context.DeadlineExceeded) || errors.Is(err, mds.ErrAllFailed) {
			t.Errorf("error %v, want two attempts kept beside the context's error", err)
		}
		cancelled, cancel2 := context.WithCancel(t.Context())
		cancel2()
		_, err = mds.Call(cancelled, c, zbs.GetVolumeClients{Path: cbdPath}, mds.TryNext())
		if walk, ok := errors.AsType[*mds.CallError](err); !ok || len(walk.Attempts) != 0 || !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want no attempt at all", err)
		}
		if n := len(cluster.Node(2).Requests()); n != 0 {
			t.Errorf("the third MDS was asked %d times", n)
		}
	})
}

func TestBreakerChoosesTheOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 2, mds.WithHedging(0, 0), mds.WithAttemptTimeout(time.Second), mds.WithBreaker(3, 10*time.Second))
		first := c.Addrs()[0]
		call := func() error {
			_, err := mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: cbdPath}, mds.TryNext())
			return err
		}
		cluster.Node(0).Inject(fakemds.Hang)
		for i := range 5 {
			if err := call(); err != nil {
				t.Fatalf("call %d: %v", i, err)
			}
		}
		if n, state := c.Stats().MDS[0].Attempts, c.Breaker(first); n != 1 || state != mds.BreakerClosed {
			t.Errorf("the hung MDS was asked by %d calls and its breaker is %s; want 1 and closed", n, state)
		}
		for range 2 {
			mds.Call(t.Context(), c, zbs.Echo{}, mds.Target(first))
		}
		if state := c.Breaker(first); state != mds.BreakerOpen {
			t.Errorf("breaker %s after three failures, want open", state)
		}

		// With every breaker open the MDS are asked all the same.
		cluster.Node(0).Clear()
		cluster.Node(1).Inject(fakemds.Refuse)
		if err := call(); err != nil {
			t.Fatalf("the first MDS is well, and its breaker refused the last candidate: %v", err)
		}
		if state := c.Breaker(first); state != mds.BreakerClosed {
			t.Errorf("breaker %s after an answer, want closed", state)
		}
	})
}

func TestBreakerRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 1, mds.WithBreaker(1, 10*time.Second))
		addr := c.Addrs()[0]
		cluster.Node(0).Inject(fakemds.Refuse)
		if _, err := mds.Call(t.Context(), c, zbs.Echo{}); !errors.Is(err, mds.ErrAllFailed) {
			t.Fatal(err)
		}
		if state := c.Breaker(addr); state != mds.BreakerOpen {
			t.Errorf("breaker %s, want open", state)
		}
		time.Sleep(10*time.Second + 1)
		if state := c.Breaker(addr); state != mds.BreakerHalfOpen {
			t.Errorf("breaker %s, want half-open", state)
		}
		cluster.Node(0).Clear()
		if _, err := mds.Call(t.Context(), c, zbs.Echo{}, mds.Target(addr)); err != nil {
			t.Fatal(err)
		}
		if state := c.Breaker(addr); state != mds.BreakerClosed {
			t.Errorf("breaker %s, want closed", state)
		}
	})
}

// Only what an MDS did itself tells on its breaker.
func TestCancelledCallsAreNeutral(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 1, mds.WithBreaker(1, time.Hour))
		cluster.Node(0).Inject(fakemds.Hang)
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				mds.Call(ctx, c, zbs.GetVolumeClients{Path: cbdPath})
			})
		}
		wg.Wait()
		if state := c.Breaker(c.Addrs()[0]); state != mds.BreakerClosed {
			t.Errorf("breaker %s after 50 cancelled calls, want closed", state)
		}
		cluster.Node(0).Clear()
		cluster.Node(0).Inject(fakemds.AgentError("no"), fakemds.Status(404).Times(1))
		for range 5 {
			mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: cbdPath})
		}
		if state := c.Breaker(c.Addrs()[0]); state != mds.BreakerClosed {
			t.Errorf("breaker %s after refusals, want closed: the agent is there", state)
		}
	})
}

func TestTargetPinsOneMDS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3)
		third := c.Addrs()[2]
		var trace mds.Trace
		if _, err := mds.Call(t.Context(), c, zbs.Echo{}, mds.Target(third), mds.Record(&trace)); err != nil {
			t.Fatal(err)
		}
		if addr, _ := trace.Answered(); addr != third {
			t.Errorf("answered by %v, want %v", addr, third)
		}
		cluster.Node(2).Inject(fakemds.Refuse)
		_, err := mds.Call(t.Context(), c, zbs.Echo{}, mds.Target(third), mds.TryNext())
		if walk, ok := errors.AsType[*mds.CallError](err); !ok || len(walk.Attempts) != 1 {
			t.Errorf("error %v, want one attempt and no other MDS", err)
		}
	})
}

func TestRouteKeyIsStable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3)
		again := newCaller(t, cluster)
		firsts := make(map[zbs.Addr]int)
		for i := range 60 {
			key := fmt.Sprintf("zbs://lp/vol-%d", i)
			var a, b mds.Trace
			for caller, trace := range map[*mds.Caller]*mds.Trace{c: &a, again: &b} {
				if _, err := mds.Call(t.Context(), caller, zbs.Echo{}, mds.RouteKey(key), mds.Record(trace)); err != nil {
					t.Fatal(err)
				}
			}
			if a.Attempts[0].Addr != b.Attempts[0].Addr {
				t.Errorf("%s goes to %v and to %v", key, a.Attempts[0].Addr, b.Attempts[0].Addr)
			}
			firsts[a.Attempts[0].Addr]++
		}
		for _, addr := range c.Addrs() {
			if firsts[addr] < 5 {
				t.Errorf("%v is first for %d of 60 keys", addr, firsts[addr])
			}
		}
	})
}

func TestProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, _ := start(t, 5)
		c := newCaller(t, cluster, mds.WithAttemptTimeout(time.Second))
		cluster.Node(1).Unsync()
		cluster.Node(2).Inject(fakemds.Refuse)
		cluster.Node(3).SetGeneration(fakemds.G6)
		cluster.Node(4).Inject(fakemds.AgentError("no leader").On("ping"))
		h := mds.Probe(t.Context(), c)
		if h[0].Err != nil || !h[0].Agent.Synced() || h[0].Cluster.Version != "1.6.2" {
			t.Errorf("healthy: %+v", h[0])
		}
		if h[1].Err != nil || h[1].Agent.Synced() {
			t.Errorf("unsynced: %+v", h[1])
		}
		if !errors.Is(h[2].Err, syscall.ECONNREFUSED) {
			t.Errorf("refused: %+v", h[2])
		}
		if !errors.Is(h[3].Err, mds.ErrAgentTooOld) {
			t.Errorf("agent of 5.4.0: %+v", h[3])
		}
		if !isAgentError(h[4].Err) || h[4].Cluster.UUID == "" {
			t.Errorf("without a leader: %+v", h[4])
		}
		if n := cluster.Executed("metadata/sync"); n != 0 {
			t.Errorf("the probe sent %d metadata/sync", n)
		}
	})
}
