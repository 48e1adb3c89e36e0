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

// An agent of ten threads and a backlog of five serves two hundred callers in
// the ideal time, without a connect that it has no room for.
func TestTwoHundredCallersOfOneAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := fakemds.NewCluster(t, 1, fakemds.WithAgentLimits(10, 5))
		cluster.AddVolume(volumePath, "10.0.0.5:9001")
		c := newCaller(t, cluster)
		const work, callers = 10 * time.Millisecond, 200
		const ideal = callers * work / mds.DefaultConnections
		cluster.Node(0).Inject(fakemds.Slow(work))
		longest := atOnce(t, c, callers)
		if longest != ideal {
			t.Errorf("the last one waited %v, want %v", longest, ideal)
		}
		checkConnections(t, cluster.Node(0), mds.DefaultConnections)
		if n := len(cluster.Node(0).Conns()); n != mds.DefaultConnections {
			t.Errorf("%d connections were made", n)
		}
	})
}

// Who came first is served first, and who leaves the queue frees its place.
func TestQueueIsFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 1, mds.WithConnections(1))
		cluster.Node(0).Inject(fakemds.Slow(100 * time.Millisecond))
		var mu sync.Mutex // guards order
		var order []int
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				ctx := t.Context()
				if i%3 == 1 { // leaves after 50 ms, before its turn
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, 50*time.Millisecond)
					defer cancel()
				}
				_, err := mds.Call(ctx, c, zbs.GetVolumeClients{Path: cbdPath})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					order = append(order, i)
				} else if i%3 != 1 || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("call %d: %v", i, err)
				}
			})
			synctest.Wait()
		}
		began := time.Now()
		wg.Wait()
		for k := 1; k < len(order); k++ {
			if order[k] < order[k-1] {
				t.Errorf("served in the order %v", order)
			}
		}
		if len(order) != 7 || time.Since(began) != 700*time.Millisecond {
			t.Errorf("%d served in %v, want 7 in 700ms", len(order), time.Since(began))
		}
	})
}

// Asynchronous commands under way are bounded too, changes apart from reads: one
// that takes minutes keeps no read waiting.
func TestParallelCommandsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 1, mds.WithParallel(2))
		if _, err := mds.Call(t.Context(), c, zbs.QueryVolume{Path: cbdPath}); err != nil {
			t.Fatal(err)
		}
		cluster.Node(0).Inject(fakemds.Slow(time.Minute).On("volume/flatten"), fakemds.Slow(time.Second).On("volume/query"))
		var changes, reads sync.WaitGroup
		began := time.Now()
		for range 4 {
			changes.Go(func() {
				mds.Call(t.Context(), c, zbs.FlattenVolume{Path: cbdPath}, mds.Timeout(time.Hour))
			})
		}
		synctest.Wait()
		for range 6 {
			reads.Go(func() {
				if _, err := mds.Call(t.Context(), c, zbs.QueryVolume{Path: cbdPath}); err != nil {
					t.Error(err)
				}
			})
		}
		reads.Wait()
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("6 reads of 1s, two at once, took %v beside changes of a minute", took)
		}
		changes.Wait()
		if took := time.Since(began); took != 2*time.Minute {
			t.Errorf("4 changes of a minute, two at once, took %v", took)
		}
	})
}

// A change that finds no place in time was not sent.
func TestNoPlaceInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 1, mds.WithParallel(1))
		cluster.Node(0).Inject(fakemds.Slow(time.Hour))
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { mds.Call(ctx, c, zbs.FlattenVolume{Path: cbdPath}, mds.Timeout(time.Hour)) })
		synctest.Wait()
		_, err := mds.Call(t.Context(), c, zbs.FlattenVolume{Path: cbdPath}, mds.Timeout(time.Second))
		walk, ok := errors.AsType[*mds.CallError](err)
		if !ok || !errors.Is(err, mds.ErrBusy) || walk.MayHaveRun() || walk.Attempts[0].Phase != mds.PhaseQueue {
			t.Errorf("error %v, want ErrBusy and nothing sent", err)
		}
		cancel()
		wg.Wait()
	})
}

// hold keeps the only connection to an MDS for a while.
func hold(t *testing.T, wg *sync.WaitGroup, cluster *fakemds.Cluster, c *mds.Caller, node int, d time.Duration) {
	t.Helper()
	cluster.Node(node).Inject(fakemds.Slow(d).On("echo"))
	wg.Go(func() { mds.Call(t.Context(), c, zbs.Echo{}, mds.Target(c.Addrs()[node]), mds.Timeout(time.Hour)) })
	synctest.Wait()
}

// Who leaves the queue of a busy MDS may ask another one without a budget, because
// it was allowed to ask that one.
func TestLeavingAQueueWithASpentBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3, mds.WithRetryBudget(0, 0), mds.WithConnections(1))
		var wg sync.WaitGroup
		defer wg.Wait()
		hold(t, &wg, cluster, c, 1, 10*time.Second)
		hold(t, &wg, cluster, c, 2, 30*time.Millisecond)
		cluster.Node(0).Inject(fakemds.Status(503))
		took, trace, err := read(t, c)
		if err != nil {
			t.Errorf("took %v, two healthy MDS, budget spent: %v\n%+v", took, err, trace)
		}
	})
}

// Of several that are busy, one that becomes free is asked while another hangs.
func TestBusyMDSBecomesFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 4, mds.WithRetryBudget(0, 0), mds.WithConnections(1))
		var wg sync.WaitGroup
		defer wg.Wait()
		hold(t, &wg, cluster, c, 2, 100*time.Second)
		hold(t, &wg, cluster, c, 3, 400*time.Millisecond)
		cluster.Node(0).Inject(fakemds.Hang)
		cluster.Node(1).Inject(fakemds.Status(503))
		took, trace, err := read(t, c)
		if err != nil || took > 2*time.Second {
			t.Errorf("took %v although the fourth MDS is well and idle since 400ms: %v\n%+v", took, err, trace)
		}
	})
}

// An extra attempt that was put off and not made is not paid for.
func TestPutOffCostsNoBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3, mds.WithRetryBudget(2, 0), mds.WithConnections(1))
		var wg sync.WaitGroup
		defer wg.Wait()
		hold(t, &wg, cluster, c, 1, 10*time.Second)
		hold(t, &wg, cluster, c, 2, 70*time.Millisecond)
		cluster.Node(0).Inject(fakemds.Hang)
		took, trace, err := read(t, c)
		if err != nil {
			t.Fatal(err)
		}
		if left := c.Stats().Budget; left < 1 {
			t.Errorf("took %v, one extra request was sent, and %.2f of 2 are left: %+v", took, left, trace)
		}
	})
}

// Asynchronous commands that wait for their callback take no connection.
func TestCallbacksTakeNoConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 2)
		cluster.Node(0).Inject(fakemds.Slow(time.Minute).On("volume/flatten"))
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() { mds.Call(t.Context(), c, zbs.FlattenVolume{Path: cbdPath}, mds.Timeout(time.Hour)) })
		}
		synctest.Wait()
		time.Sleep(time.Second)
		_, trace, err := read(t, c)
		if err != nil || trace.Attempts[0].Addr != c.Addrs()[0] {
			t.Errorf("the first of the list has four idle connections and was passed over: %+v %v", trace, err)
		}
		wg.Wait()
	})
}
