package mds_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// read asks for the clients of the volume and returns how long that took.
func read(t *testing.T, c *mds.Caller, opts ...mds.CallOption) (time.Duration, mds.Trace, error) {
	t.Helper()
	var trace mds.Trace
	began := time.Now()
	_, err := mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: cbdPath}, append(opts, mds.TryNext(), mds.Record(&trace))...)
	return time.Since(began), trace, err
}

const firstStagger = 20 * time.Millisecond // before anything is known of an endpoint

// What broken MDS cost a read, to the nanosecond, and what they cost from the
// second call on: nothing, wherever in the order they stand.
func TestBrokenMDSCostAStagger(t *testing.T) {
	for _, tc := range []struct {
		name   string
		faults map[int]fakemds.Fault
		want   time.Duration
	}{
		{"healthy", nil, 0},
		{"first refused", map[int]fakemds.Fault{0: fakemds.Refuse}, 0},
		{"first reset", map[int]fakemds.Fault{0: fakemds.Reset}, 0},
		{"first hung", map[int]fakemds.Fault{0: fakemds.Hang}, firstStagger},
		{"first blackholed", map[int]fakemds.Fault{0: fakemds.Blackhole}, firstStagger},
		{"second hung", map[int]fakemds.Fault{1: fakemds.Hang}, 0},
		{"third blackholed", map[int]fakemds.Fault{2: fakemds.Blackhole}, 0},
		{"two hung", map[int]fakemds.Fault{0: fakemds.Hang, 1: fakemds.Hang}, 2 * firstStagger},
		{"hung and blackholed", map[int]fakemds.Fault{0: fakemds.Hang, 1: fakemds.Blackhole}, 2 * firstStagger},
		{"refused and hung", map[int]fakemds.Fault{0: fakemds.Refuse, 1: fakemds.Hang}, firstStagger},
		{"hung and reset", map[int]fakemds.Fault{0: fakemds.Hang, 1: fakemds.Reset}, firstStagger},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, c := start(t, 3)
				for i, f := range tc.faults {
					cluster.Node(i).Inject(f)
				}
				if took, _, err := read(t, c); err != nil || took != tc.want {
					t.Errorf("the first call took %v, want %v: %v", took, tc.want, err)
				}
				for i := range 200 {
					if took, _, err := read(t, c); err != nil || took != 0 {
						t.Fatalf("call %d took %v, want nothing: %v", i+2, took, err)
					}
					time.Sleep(10 * time.Millisecond)
				}
				for i := range 3 {
					checkConnections(t, cluster.Node(i), mds.DefaultConnections)
				}
			})
		})
	}
}

// The stagger is four times what the MDS usually takes, within its bounds.
func TestStaggerFollowsTheLatency(t *testing.T) {
	for latency, want := range map[time.Duration]time.Duration{
		0:                      mds.DefaultLeastHedgeDelay,
		2 * time.Millisecond:   mds.DefaultLeastHedgeDelay,
		15 * time.Millisecond:  60 * time.Millisecond,
		50 * time.Millisecond:  200 * time.Millisecond,
		100 * time.Millisecond: mds.DefaultMostHedgeDelay,
	} {
		t.Run(latency.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, c := start(t, 2)
				for i := range 2 {
					cluster.Node(i).Inject(fakemds.Slow(latency))
				}
				for range 50 {
					if _, _, err := read(t, c, mds.NoTryNext()); err != nil {
						t.Fatal(err)
					}
				}
				cluster.Node(0).Clear()
				cluster.Node(0).Inject(fakemds.Hang)
				took, trace, err := read(t, c)
				if err != nil || took != want+latency {
					t.Errorf("took %v, want the stagger of %v and %v of service: %v", took, want, latency, err)
				}
				if a := trace.Attempts[1]; a.Why != mds.WhySlow || a.Began != want {
					t.Errorf("second attempt %s after %v", a.Why, a.Began)
				}
			})
		})
	}
}

// A read that takes longer than the largest stagger at all MDS is asked for once:
// another one would answer no sooner, and the budget is kept for those that hang.
func TestSlowServiceIsAskedForOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3)
		for i := range 3 {
			cluster.Node(i).Inject(fakemds.Slow(time.Second).On("volume/query"))
		}
		const calls = 100
		for range calls {
			if _, err := mds.Call(t.Context(), c, zbs.QueryVolume{Path: cbdPath}, mds.TryNext()); err != nil {
				t.Fatal(err)
			}
			read(t, c)
		}
		if n := cluster.Asked("volume/query"); n[0]+n[1]+n[2] > calls+2 {
			t.Errorf("%d requests for %d calls, want but the first call to ask all", n, calls)
		}
		cluster.Node(0).Inject(fakemds.Hang.On("volume/clients"))
		if took, _, err := read(t, c); err != nil || took != mds.DefaultLeastHedgeDelay {
			t.Errorf("a hung MDS cost %v: %v", took, err)
		}
	})
}

func TestWhoIsNotStaggered(t *testing.T) {
	for name, tc := range map[string]struct {
		opts []mds.Option
		call func(context.Context, *mds.Caller) error
	}{
		"a change": {nil, func(ctx context.Context, c *mds.Caller) error {
			_, err := mds.Call(ctx, c, zbs.FlattenVolume{Path: cbdPath}, mds.TryNext())
			return err
		}},
		"a read without TryNext": {nil, func(ctx context.Context, c *mds.Caller) error {
			_, err := mds.Call(ctx, c, zbs.GetVolumeClients{Path: cbdPath})
			return err
		}},
		"a read when it is off": {[]mds.Option{mds.WithHedging(0, 0)}, func(ctx context.Context, c *mds.Caller) error {
			_, err := mds.Call(ctx, c, zbs.GetVolumeClients{Path: cbdPath}, mds.TryNext())
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, c := start(t, 3, append(tc.opts, mds.WithAttemptTimeout(time.Minute))...)
				cluster.Node(0).Inject(fakemds.Hang)
				ctx, cancel := context.WithTimeout(t.Context(), 59*time.Second)
				defer cancel()
				if err := tc.call(ctx, c); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("error %v, want the context's", err)
				}
				if n := cluster.Node(1).Asked("") + cluster.Node(2).Asked(""); n != 0 {
					t.Errorf("the others were asked %d times", n)
				}
			})
		})
	}
}

// Who loses is cancelled, and its connection is closed, not left silent.
func TestLosersAreCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3)
		cluster.Node(0).Inject(fakemds.Hang)
		cluster.Node(1).Inject(fakemds.Hang)
		_, trace, err := read(t, c)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		for i := range 2 {
			if now, _ := cluster.Node(i).OpenConns(); now != 0 {
				t.Errorf("MDS %d has %d connections open", i, now)
			}
			if a := trace.Attempts[i]; !errors.Is(a.Err, mds.ErrDiscarded) || !a.Sent || a.Phase != mds.PhaseWait {
				t.Errorf("attempt %+v, want it sent and overtaken", a)
			}
		}
		if addr, _ := trace.Answered(); addr != c.Addrs()[2] {
			t.Errorf("answered by %v", addr)
		}
	})
}

// One that was overtaken is slow: the next call starts with another, and its
// breaker opens. One that was asked later and lost is neither.
func TestOvertakenIsSlowAndOutrunIsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3)
		cluster.Node(0).Inject(fakemds.Slow(firstStagger + time.Millisecond))
		cluster.Node(1).Inject(fakemds.Hang)
		took, trace, err := read(t, c) // the first answers 1 ms after the second was asked
		if err != nil || took != firstStagger+time.Millisecond || !errors.Is(trace.Attempts[1].Err, mds.ErrDiscarded) {
			t.Fatalf("took %v, %v: %v", took, trace, err)
		}
		if s := c.Stats().MDS[1]; s.Slow != 0 || s.Cancelled != 1 || s.LastErr != nil {
			t.Errorf("who lost to one asked earlier: %+v", s)
		}
		cluster.Node(0).Inject(fakemds.Hang)
		cluster.Node(1).Clear()
		if _, _, err := read(t, c); err != nil {
			t.Fatal(err)
		}
		if s := c.Stats().MDS[0]; s.Slow != 1 || s.LastErr == nil {
			t.Errorf("who was overtaken: %+v", s)
		}
		_, trace, err = read(t, c)
		if err != nil || trace.Attempts[0].Addr == c.Addrs()[0] {
			t.Errorf("the next call began with the slow one: %v", trace)
		}
		if s := trace.Skipped; len(s) != 2 || s[0].Addr != c.Addrs()[0] || s[0].Reason != mds.BehindForBreaker || s[1].Reason != mds.NotNeeded {
			t.Errorf("skipped %+v", s)
		}
		for range 10 { // probes ride along
			time.Sleep(100 * time.Millisecond)
			read(t, c)
		}
		if state := c.Breaker(c.Addrs()[0]); state == mds.BreakerClosed {
			t.Errorf("the breaker of the hung MDS is %s", state)
		}
	})
}

// An MDS that is slower than every stagger loses, and is given its chance again
// and again.
func TestSlowMDSIsNotExiledForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 2)
		cluster.Node(0).Inject(fakemds.Slow(700 * time.Millisecond))
		chances := 0
		for range 100 {
			took, trace, err := read(t, c)
			if err != nil || took > mds.DefaultMostHedgeDelay {
				t.Fatalf("took %v: %v", took, err)
			}
			if trace.Attempts[0].Addr == c.Addrs()[0] {
				chances++
			}
			time.Sleep(100 * time.Millisecond)
		}
		if chances < 5 || chances > 20 {
			t.Errorf("%d of 100 calls in 10s began with it", chances)
		}
		cluster.Node(0).Clear()
		time.Sleep(2 * time.Second)
		read(t, c)
		time.Sleep(time.Second)
		if _, trace, _ := read(t, c); trace.Attempts[0].Addr != c.Addrs()[0] {
			t.Errorf("it is quick again, and is not asked first: %v", trace)
		}
	})
}

// atOnce makes reads at the same time and returns how long the longest took.
func atOnce(t *testing.T, c *mds.Caller, calls int) time.Duration {
	t.Helper()
	var mu sync.Mutex // guards longest
	var longest time.Duration
	var wg sync.WaitGroup
	for range calls {
		wg.Go(func() {
			took, _, err := read(t, c)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			longest = max(longest, took)
		})
	}
	wg.Wait()
	return longest
}

// Who finds every connection to an MDS taken goes to one that has some, which
// costs neither a second request nor the budget.
func TestBusyMDSIsPassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3, mds.WithRetryBudget(0, 0))
		for i := range 3 {
			cluster.Node(i).Inject(fakemds.Slow(100 * time.Millisecond))
		}
		if longest := atOnce(t, c, 24); longest != 200*time.Millisecond {
			t.Errorf("24 calls of 100ms over 3 times 4 connections took %v", longest)
		}
		if n := len(cluster.Requests()); n != 24 {
			t.Errorf("%d requests for 24 calls", n)
		}
		for i := range 3 {
			if n := cluster.Node(i).Asked(""); n != 8 {
				t.Errorf("MDS %d was asked %d times, want 8", i, n)
			}
			checkConnections(t, cluster.Node(i), mds.DefaultConnections)
		}
	})
}

// Who waits for a connection to an MDS that turns out to hang leaves the queue:
// no more than one call per connection learns it the hard way.
func TestQueueOfAHungMDSIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3)
		atOnce(t, c, 12) // which shows the usual latency of each
		cluster.Node(0).Inject(fakemds.Hang)
		if longest, most := atOnce(t, c, 64), mds.DefaultLeastHedgeDelay*3/2; longest > most {
			t.Errorf("64 calls took %v, want at most %v", longest, most)
		}
		if n := len(cluster.Requests()); n > 12+64+mds.DefaultConnections {
			t.Errorf("%d requests for 76 calls", n)
		}
	})
}

// warm makes every MDS known to answer in d.
func warm(t *testing.T, cluster *fakemds.Cluster, c *mds.Caller, d time.Duration) {
	t.Helper()
	for i, addr := range c.Addrs() {
		cluster.Node(i).Inject(fakemds.Slow(d))
		for range 20 {
			if _, _, err := read(t, c, mds.Target(addr)); err != nil {
				t.Fatal(err)
			}
		}
		cluster.Node(i).Clear()
	}
}

// One stall of the storage does not make the next hung MDS cost as much.
func TestStallIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3)
		warm(t, cluster, c, 5*time.Millisecond)
		for i := range 3 {
			cluster.Node(i).Inject(fakemds.Slow(20 * time.Second).Times(1))
		}
		read(t, c)
		for i := range 3 {
			cluster.Node(i).Clear()
		}
		for range 3 {
			read(t, c)
		}
		cluster.Node(0).Inject(fakemds.Hang)
		if took, _, err := read(t, c); err != nil || took > mds.DefaultMostHedgeDelay {
			t.Errorf("a hung MDS cost %v: %v", took, err)
		}
	})
}

// A service that becomes slow everywhere is not asked twice for ever.
func TestServiceBecomesSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3)
		warm(t, cluster, c, 5*time.Millisecond)
		for i := range 3 {
			cluster.Node(i).Inject(fakemds.Slow(time.Second))
			cluster.Node(i).ResetLedger()
		}
		const calls = 200
		for range calls {
			if _, _, err := read(t, c); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(cluster.Requests()); n > calls+10 {
			t.Errorf("%d requests for %d calls, budget left %.1f", n, calls, c.Stats().Budget)
		}
	})
}

// One that fails after a later one was asked leaves it to that one's stagger who
// comes next.
func TestEarlierFailureWaitsForTheLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3)
		cluster.Node(0).Inject(fakemds.Slow(firstStagger+5*time.Millisecond), fakemds.StatusAfter(503))
		cluster.Node(1).Inject(fakemds.Slow(10 * time.Millisecond))
		took, trace, err := read(t, c)
		if err != nil || took != firstStagger+10*time.Millisecond || cluster.Node(2).Asked("") != 0 {
			t.Errorf("took %v: %+v %v", took, trace, err)
		}
	})
}
