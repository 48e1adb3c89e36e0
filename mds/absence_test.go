package mds_test

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// denies makes an MDS say that the volume does not exist.
var denies = fakemds.AgentError("status code: kFileNotExists").On("volume/query")

// query asks for the volume that exists.
func query(t *testing.T, c *mds.Caller, opts ...mds.CallOption) (time.Duration, mds.Trace, error) {
	t.Helper()
	var trace mds.Trace
	began := time.Now()
	_, err := mds.Call(t.Context(), c, zbs.QueryVolume{Path: cbdPath}, append(opts, mds.TryNext(), mds.Record(&trace))...)
	return time.Since(began), trace, err
}

// lookUp asks for a volume that does not exist, and returns how long that took.
func lookUp(t *testing.T, c *mds.Caller) (time.Duration, mds.Trace, error) {
	t.Helper()
	var trace mds.Trace
	began := time.Now()
	_, err := mds.Call(t.Context(), c, zbs.QueryVolume{Path: zbs.CBDPath{PhysicalPool: "pp", Path: zbs.Path{Pool: "lp", Volume: "missing"}}}, mds.TryNext(), mds.Record(&trace))
	return time.Since(began), trace, err
}

// That a volume does not exist is an answer, and a broken MDS costs it what it costs
// other answers: one hedge delay where two MDS agree, and more where one stands alone.
func TestAbsenceBesideBrokenMDS(t *testing.T) {
	const alone = 16 * firstStagger
	for _, tc := range []struct {
		name   string
		nodes  int
		faults map[int]fakemds.Fault
		most   time.Duration
	}{
		{"healthy", 3, nil, 0},
		{"first hung", 3, map[int]fakemds.Fault{0: fakemds.Hang}, 2 * firstStagger},
		{"second hung", 3, map[int]fakemds.Fault{1: fakemds.Hang}, 2 * firstStagger},
		{"third hung", 3, map[int]fakemds.Fault{2: fakemds.Hang}, 2 * firstStagger},
		{"third blackholed", 3, map[int]fakemds.Fault{2: fakemds.Blackhole}, 2 * firstStagger},
		{"second refused, third hung", 3, map[int]fakemds.Fault{1: fakemds.Refuse, 2: fakemds.Hang}, alone},
		{"two hung", 3, map[int]fakemds.Fault{0: fakemds.Hang, 1: fakemds.Hang}, alone + 2*firstStagger},
		{"two, one hung", 2, map[int]fakemds.Fault{1: fakemds.Hang}, alone},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, c := start(t, tc.nodes)
				for i, f := range tc.faults {
					cluster.Node(i).Inject(f)
				}
				for i := range 10 {
					most := tc.most
					if i >= 3 { // the breakers of those that hang are open
						most = 0
					}
					took, trace, err := lookUp(t, c)
					no, ok := errors.AsType[*zbs.AgentError](err)
					if !ok || !no.NotFound() || took > most {
						t.Fatalf("look-up %d took %v, at most %v: %v\n%v", i+1, took, most, err, trace)
					}
					time.Sleep(time.Millisecond)
				}
			})
		})
	}
}

// An MDS that is only slower than the one that denies is heard.
func TestAbsenceIsContradicted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 2)
		cluster.Node(0).Inject(denies)
		cluster.Node(1).Inject(fakemds.Slow(5 * firstStagger))
		var trace mds.Trace
		_, err := mds.Call(t.Context(), c, zbs.QueryVolume{Path: cbdPath}, mds.TryNext(), mds.Record(&trace))
		if err != nil {
			t.Errorf("%v\n%v", err, trace)
		}
	})
}

// One MDS that denies does not outweigh one that failed just before.
func TestAbsenceIsContradictedByOneThatFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 2)
		cluster.Node(1).Inject(fakemds.Hang.On("echo")) // no health check makes it well
		cluster.Node(1).Inject(fakemds.Reset.On("volume/clients").Times(1))
		if _, err := mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: cbdPath}, mds.Target(c.Addrs()[1])); err == nil {
			t.Fatal("the second MDS did not fail")
		}
		cluster.Node(0).Inject(denies)
		var trace mds.Trace
		if _, err := mds.Call(t.Context(), c, zbs.QueryVolume{Path: cbdPath}, mds.TryNext(), mds.Record(&trace)); err != nil {
			t.Errorf("%v\n%v", err, trace)
		}
	})
}

// An attempt that waits for a connection of ours is no silent MDS.
func TestAbsenceWaitsForWhatWaitsForUs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3, mds.WithConnections(1))
		cluster.Node(0).Inject(denies)
		cluster.Node(1).Inject(denies)
		cluster.Node(2).Inject(fakemds.Slow(30 * time.Millisecond).On("volume/clients"))
		var wg sync.WaitGroup
		wg.Go(func() {
			mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: cbdPath}, mds.Target(c.Addrs()[2]))
		})
		time.Sleep(time.Millisecond)
		took, trace, err := query(t, c)
		wg.Wait()
		if err != nil {
			t.Errorf("%v: %v\n%+v; node 2 was asked volume/query %d times", took, err, trace, cluster.Node(2).Asked("volume/query"))
		}
	})
}

// Nor does its MDS fail by that.
func TestAbsenceBlamesNoQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3, mds.WithConnections(1))
		cluster.Node(0).Inject(denies)
		cluster.Node(1).Inject(denies)
		cluster.Node(2).Inject(fakemds.Slow(8 * time.Millisecond).On("volume/clients"))
		cluster.Node(2).Inject(fakemds.SlowBody(6 * time.Millisecond).On("volume/query"))
		for i := range 3 {
			var wg sync.WaitGroup
			wg.Go(func() {
				mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: cbdPath}, mds.Target(c.Addrs()[2]))
			})
			time.Sleep(time.Millisecond)
			took, trace, err := query(t, c)
			wg.Wait()
			if err != nil {
				t.Errorf("%d: %v: %v breaker %v\n%+v", i, took, err, c.Breaker(c.Addrs()[2]), trace)
			}
		}
	})
}

// An attempt that is late already has a hedge delay from the second denial on.
func TestAbsenceWaitsAfterTheSecondDenial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3)
		cluster.Node(0).Inject(fakemds.Slow(25 * time.Millisecond).On("volume/query"))
		cluster.Node(1).Inject(denies)
		cluster.Node(2).Inject(denies)
		took, trace, err := query(t, c)
		if err != nil {
			t.Errorf("%v: %v\n%+v", took, err, trace)
		}
	})
}

// Each attempt under way has the time that its own MDS needs, not only the newest.
func TestAbsenceWaitsForEachAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3)
		// usual latencies: node 0 60 ms, 1 and 2: 1 ms
		for i, d := range []time.Duration{60, 1, 1} {
			cluster.Node(i).Inject(fakemds.Slow(d * time.Millisecond).On("volume/query").Times(5))
			for range 5 {
				if _, _, err := query(t, c, mds.Target(c.Addrs()[i])); err != nil {
					t.Fatal(err)
				}
			}
		}
		cluster.Node(0).Inject(fakemds.Slow(500 * time.Millisecond).On("volume/query"))
		cluster.Node(1).Inject(denies)
		cluster.Node(2).Inject(fakemds.Hang.On("volume/query"))
		took, trace, err := query(t, c)
		if err != nil {
			t.Errorf("%v: %v\n%+v", took, err, trace)
		}
	})
}

// A candidate that is not asked for want of a retry token holds nothing up.
func TestAbsenceWithoutRetryToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3, mds.WithRetryBudget(0, 0))
		cluster.Node(2).Inject(fakemds.Reset.On("volume/clients").Times(1))
		cluster.Node(2).Inject(fakemds.Hang.On("echo"))
		if _, err := mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: cbdPath}, mds.Target(c.Addrs()[2])); err == nil {
			t.Fatal("did not fail")
		}
		cluster.Node(0).Inject(denies)
		cluster.Node(1).Inject(fakemds.Hang.On("volume/query"))
		cluster.Node(2).Inject(fakemds.Hang.On("volume/query"))
		took, trace, err := query(t, c)
		if took > 33*firstStagger {
			t.Errorf("took %v: %v\n%+v", took, err, trace)
		}
	})
}

// An MDS that failed yesterday and was not asked since may know better than one that denies.
func TestAbsenceAsksTheHalfOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 2)
		cluster.Node(1).Inject(fakemds.Refuse)
		for range 3 {
			mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: cbdPath}, mds.Target(c.Addrs()[1]))
		}
		cluster.Node(1).Clear()
		time.Sleep(24 * time.Hour)
		b := c.Breaker(c.Addrs()[1])
		cluster.Node(1).Inject(fakemds.Slow(2 * time.Millisecond))
		cluster.Node(0).Inject(denies)
		took, trace, err := query(t, c)
		if err != nil {
			t.Errorf("breaker %v, %v: %v\n%+v", b, took, err, trace)
		}
	})
}

// The error is the same whether an MDS hangs or not.
func TestAbsenceIsAFailureOfAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3)
		_, _, healthy := lookUp(t, c)
		cluster.Node(2).Inject(fakemds.Hang)
		_, _, hung := lookUp(t, c)
		if errors.Is(healthy, mds.ErrAllFailed) != errors.Is(hung, mds.ErrAllFailed) {
			t.Errorf("healthy: %t, one hung: %t\n%v\n%v", errors.Is(healthy, mds.ErrAllFailed), errors.Is(hung, mds.ErrAllFailed), healthy, hung)
		}
	})
}

// An MDS that is only slower than those that deny stays in use.
func TestAbsenceKeepsASlowMDS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3)
		cluster.Node(2).Inject(fakemds.Slow(60 * time.Millisecond).On("volume/query"))
		for range 400 {
			lookUp(t, c)
			time.Sleep(5 * time.Millisecond)
		}
		time.Sleep(time.Second)
		for range 20 {
			lookUp(t, c)
			time.Sleep(100 * time.Millisecond)
		}
		if b := c.Breaker(c.Addrs()[2]); b != mds.BreakerClosed {
			t.Errorf("breaker %v", b)
		}
	})
}

// Look-ups under random faults end soon after a denial, ask each MDS once at most, and leave nothing behind.
func TestAbsenceUnderRandomFaults(t *testing.T) {
	for seed := range 150 {
		synctest.Test(t, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(uint64(seed), 7))
			n := 2 + rnd.IntN(3)
			cluster := fakemds.NewCluster(t, n)
			cluster.AddPool("lp", "pp")
			cluster.AddVolume(volumePath, "10.0.0.5:9001")
			c := newCaller(t, cluster, mds.WithConnections(1+rnd.IntN(2)), mds.WithAttemptTimeout(20*time.Second), mds.WithRetryBudget(rnd.IntN(6), 0.1))
			kinds := []fakemds.Fault{fakemds.Hang, fakemds.Refuse, fakemds.Blackhole, fakemds.Reset, fakemds.CallbackLost, fakemds.Slow(15 * time.Millisecond), fakemds.Slow(400 * time.Millisecond), fakemds.AgentError("no leader"), fakemds.Status(503)}
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					for range 12 {
						took, trace, err := lookUp(t, c)
						if len(trace.Attempts) > n {
							t.Errorf("%d attempts of %d MDS", len(trace.Attempts), n)
						}
						no, ok := errors.AsType[*zbs.AgentError](err)
						if ok && no.NotFound() {
							first := took
							for _, a := range trace.Attempts {
								if d, ok := errors.AsType[*zbs.AgentError](a.Err); ok && d.NotFound() {
									first = min(first, a.Began+a.Duration)
								}
							}
							if took-first > 5*time.Second {
								t.Errorf("seed %d: ended %v after the first denial: %v", seed, took-first, err)
							}
						}
						time.Sleep(3 * time.Millisecond)
					}
				})
			}
			for range 12 {
				node := cluster.Node(rnd.IntN(n))
				node.Clear()
				if rnd.IntN(3) > 0 {
					node.Inject(kinds[rnd.IntN(len(kinds))])
				}
				time.Sleep(time.Duration(rnd.IntN(60)) * time.Millisecond)
			}
			for i := range n {
				cluster.Node(i).Clear()
			}
			wg.Wait()
		})
	}
}

// Connections of ours that hang, at every MDS left, do not hold the answer up.
func TestAbsenceBehindHungConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3, mds.WithConnections(1))
		for i := 1; i < 3; i++ {
			cluster.Node(i).Inject(fakemds.Hang.On("volume/clients"))
			go mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: cbdPath}, mds.Target(c.Addrs()[i]))
		}
		time.Sleep(time.Millisecond)
		took, _, err := lookUp(t, c)
		if took > 33*firstStagger {
			t.Errorf("%v: %v", took, err)
		}
		time.Sleep(time.Minute)
	})
}
