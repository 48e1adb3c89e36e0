package volume_test

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

// many makes n calls at the same time.
func many(n int, call func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { call(i) })
	}
	wg.Wait()
}

func TestEqualReadsShareOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := start(t, 1)
		service.Clients(t.Context(), path) // which finds the pool
		service.Query(t.Context(), path)   // which finds out that the agent is not old
		cluster.Node(0).Inject(fakemds.Slow(100 * time.Millisecond))
		cluster.Node(0).ResetLedger()
		began := time.Now()
		many(100, func(i int) {
			list, err := service.Clients(t.Context(), path)
			if err != nil || len(list.Clients) != 1 || list.MDS != list.Trace.Attempts[0].Addr {
				t.Errorf("%+v, %v", list, err)
			}
			list.Clients[0].IP, list.Trace.Attempts[0].Addr = "mine", zbs.Addr{} // a copy
		})
		many(100, func(int) {
			if info, err := service.Query(t.Context(), path); err != nil || info.Size == 0 {
				t.Errorf("%+v, %v", info, err)
			}
		})
		clients, queries := cluster.Node(0).Asked("volume/clients"), cluster.Node(0).Asked("volume/query")
		if clients < 1 || clients > 2 || queries < 1 || queries > 2 {
			t.Errorf("100 calls each made %d and %d requests, want 2, the first and one that began after all others, or 1 that did", clients, queries)
		}
		if took, want := time.Since(began), time.Duration(clients+queries)*100*time.Millisecond; took != want {
			t.Errorf("took %v, want %v", took, want)
		}
	})
}

// A call never gets an answer from before it was made.
func TestSharedAnswerIsNotOlderThanTheQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := start(t, 1)
		service.Clients(t.Context(), path)
		cluster.Node(0).Inject(fakemds.StaleList, fakemds.Slow(50*time.Millisecond)) // it answers from the list of now
		var wg sync.WaitGroup
		wg.Go(func() { service.Clients(t.Context(), path) })
		synctest.Wait()
		cluster.Node(0).Clear()
		cluster.Open(path.String(), "10.0.0.6:9001")
		list, err := service.Clients(t.Context(), path)
		if err != nil || len(list.Clients) != 2 {
			t.Errorf("%+v, %v; want both clients", list.Clients, err)
		}
		wg.Wait()
	})
}

// Who leaves takes nobody along, and who waits for a call that hangs goes on by
// itself.
func TestSharedCallOfOneWhoLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := start(t, 1)
		service.Clients(t.Context(), path)
		cluster.Node(0).Inject(fakemds.Hang.Times(1))
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := service.Clients(impatient, path); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v, want the context's end", err)
			}
		})
		synctest.Wait()
		began := time.Now()
		many(10, func(int) {
			if _, err := service.Clients(t.Context(), path); err != nil {
				t.Error(err)
			}
		})
		if took := time.Since(began); took > time.Second {
			t.Errorf("took %v", took)
		}
		wg.Wait()
	})
}

// In an outage one call after the other begins, a quarter of a second apart, and
// nobody waits longer than for a call of its own and that.
func TestSharedCallsInAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := start(t, 1, mds.WithAttemptTimeout(2*time.Second))
		service.Clients(t.Context(), path)
		cluster.Node(0).Inject(fakemds.Hang)
		cluster.Node(0).ResetLedger()
		began := time.Now()
		many(50, func(i int) {
			time.Sleep(time.Duration(i) * time.Millisecond)
			asked := time.Now()
			if _, err := service.Clients(t.Context(), path); !errors.Is(err, mds.ErrAllFailed) {
				t.Error(err)
			}
			if took := time.Since(asked); took > 2*time.Second+mds.DefaultMostHedgeDelay {
				t.Errorf("call %d took %v", i, took)
			}
		})
		if n := cluster.Node(0).Asked("volume/clients"); n != 2 {
			t.Errorf("%d requests in %v, want 2", n, time.Since(began))
		}
	})
}

// A call with options of its own is not shared.
func TestOptionsAreNotShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := start(t, 1)
		service.Clients(t.Context(), path)
		cluster.Node(0).ResetLedger()
		many(3, func(int) { service.Clients(t.Context(), path, mds.NoTryNext()) })
		if n := cluster.Node(0).Asked("volume/clients"); n != 3 {
			t.Errorf("%d requests, want 3", n)
		}
	})
}

// Many who give up early keep nobody from the answer that takes longer.
func TestImpatientCallersStarveNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := start(t, 1)
		service.Clients(t.Context(), path)
		cluster.Node(0).Inject(fakemds.Slow(2 * time.Second))
		var wg sync.WaitGroup
		defer wg.Wait()
		stop, end := context.WithCancel(t.Context())
		defer end()
		wg.Go(func() { // a monitor that gives up after a second, every 3 ms
			for stop.Err() == nil {
				wg.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					defer cancel()
					service.Clients(ctx, path)
				})
				time.Sleep(3 * time.Millisecond)
			}
		})
		time.Sleep(1050 * time.Millisecond)
		began := time.Now()
		patient, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		_, err := service.Clients(patient, path)
		if took := time.Since(began); err != nil || took > 5*time.Second {
			t.Errorf("an answer takes 2s; the patient call took %v: %v", took, err)
		}
	})
}

// Who leaves gets the error of a walk, as from a call of its own.
func TestErrorOfOneWhoLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := start(t, 1)
		service.Clients(t.Context(), path)
		cluster.Node(0).Inject(fakemds.Hang)
		var wg sync.WaitGroup
		defer wg.Wait()
		for i := range 3 {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(100-20*i)*time.Millisecond)
				defer cancel()
				_, err := service.Clients(ctx, path)
				if _, ok := errors.AsType[*mds.CallError](err); !ok {
					t.Errorf("error %v is no *mds.CallError", err)
				}
			})
			synctest.Wait()
		}
	})
}

// A call that nobody wants any more ends.
func TestCallThatIsLeftEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := start(t, 1)
		service.Clients(t.Context(), path)
		cluster.Node(0).Inject(fakemds.Hang)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		service.Clients(ctx, path)
		synctest.Wait()
		if now, _ := cluster.Node(0).OpenConns(); now != 0 {
			t.Errorf("%d connections: the request is still under way", now)
		}
	})
}
