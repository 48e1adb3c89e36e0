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
		var mu sync.Mutex // guards longest
		var longest time.Duration
		var wg sync.WaitGroup
		for range callers {
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
		walk, ok := errors.AsType[*mds.WalkError](err)
		if !ok || !errors.Is(err, mds.ErrBusy) || walk.MayHaveRun() || walk.Attempts[0].Phase != mds.PhaseQueue {
			t.Errorf("error %v, want ErrBusy and nothing sent", err)
		}
		cancel()
		wg.Wait()
	})
}
