package mds_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// An MDS that is back is noticed within 300 ms, however it was away and however
// long, while others answer a call every few milliseconds, none of which waits.
func TestReturnIsNoticed(t *testing.T) {
	for name, fault := range map[string]fakemds.Fault{
		"refused":    fakemds.Refuse,
		"blackholed": fakemds.Blackhole,
		"hung":       fakemds.Hang,
		"503":        fakemds.Status(503),
	} {
		for _, away := range []time.Duration{0, 200 * time.Millisecond, 3 * time.Second, 30 * time.Second} {
			t.Run(fmt.Sprintf("%s for %v", name, away), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { noticesReturn(t, fault, away) })
			})
		}
	}
}

func noticesReturn(t *testing.T, fault fakemds.Fault, away time.Duration) {
	cluster, c := start(t, 3)
	cluster.Node(0).Inject(fault)
	if _, _, err := read(t, c); err != nil {
		t.Fatal(err)
	}
	traffic := func(until func(mds.Trace) bool) {
		for {
			took, trace, err := read(t, c)
			if err != nil || took != 0 {
				t.Fatalf("a call took %v: %v", took, err)
			}
			if until(trace) {
				return
			}
			time.Sleep(7 * time.Millisecond)
		}
	}
	left := time.Now()
	traffic(func(mds.Trace) bool { return time.Since(left) >= away })
	cluster.Node(0).Clear()
	back := time.Now()
	traffic(func(trace mds.Trace) bool {
		addr, _ := trace.Answered()
		return addr == c.Addrs()[0] || time.Since(back) > time.Second
	})
	if took := time.Since(back); took > 300*time.Millisecond {
		t.Errorf("it was noticed after %v", took)
	}
	if n := cluster.Node(0).Asked(""); away == 30*time.Second && n > 400 {
		t.Errorf("it was probed with %d requests in 30s", n)
	}
	checkConnections(t, cluster.Node(0), mds.DefaultConnections)
}

// A storage that hangs behind an agent which echoes is noticed as well, and the
// agent is not left with ever more commands at work.
func TestProbesOfAHungStorageBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 2)
		cluster.Node(0).Inject(fakemds.Hang.On("volume/clients"))
		read(t, c)
		for range 3000 { // half a minute
			read(t, c)
			time.Sleep(10 * time.Millisecond)
		}
		if n := cluster.Node(0).Asked("volume/clients"); n < 5 || n > 16 {
			t.Errorf("%d commands hang on the agent after 30s", n)
		}
		cluster.Node(0).Clear()
		back := time.Now()
		for c.Breaker(c.Addrs()[0]) != mds.BreakerClosed {
			read(t, c)
			time.Sleep(10 * time.Millisecond)
		}
		if took := time.Since(back); took > 4*time.Second+300*time.Millisecond {
			t.Errorf("noticed after %v", took)
		}
	})
}

// A hung probe ends by itself and keeps nothing from closing the breaker.
func TestHungProbeDoesNotWedge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 2, mds.WithBreaker(1, 100*time.Millisecond))
		first := c.Addrs()[0]
		cluster.Node(0).Inject(fakemds.Hang)
		read(t, c)
		time.Sleep(150 * time.Millisecond)
		read(t, c) // probes: an echo, which takes too long, and then the command
		time.Sleep(200 * time.Millisecond)
		read(t, c)
		synctest.Wait()
		if n := c.Stats().MDS[0].InFlight; n == 0 {
			t.Error("no probe is under way")
		}
		cluster.Node(0).Clear()
		if _, err := mds.Call(t.Context(), c, zbs.Echo{}, mds.Target(first)); err != nil {
			t.Fatal(err)
		}
		if state := c.Breaker(first); state != mds.BreakerClosed {
			t.Errorf("breaker %s although the MDS answered", state)
		}
		time.Sleep(mds.DefaultAttemptTimeout)
		synctest.Wait()
		if n := c.Stats().MDS[0].InFlight; n != 0 {
			t.Errorf("%d probes are still under way after the time-out", n)
		}
	})
}

// Close ends the probes, and none begins after it.
func TestCloseEndsProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 2)
		cluster.Node(0).Inject(fakemds.Hang)
		read(t, c)
		read(t, c)
		synctest.Wait()
		if n := c.Stats().MDS[0].InFlight; n == 0 {
			t.Fatal("no probe is under way")
		}
		began := time.Now()
		c.Close()
		if n := c.Stats().MDS[0].InFlight; n != 0 || time.Since(began) != 0 {
			t.Errorf("%d probes under way after Close, which took %v", n, time.Since(began))
		}
	})
}

// In a total outage calls alone find out who is back: no probe adds to them.
func TestNoProbesInATotalOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3, mds.WithAttemptTimeout(time.Second))
		for i := range 3 {
			cluster.Node(i).Inject(fakemds.Hang)
		}
		read(t, c)
		probes := c.Stats().MDS[0].HealthChecks
		for range 50 {
			read(t, c)
		}
		if n := c.Stats().MDS[0].HealthChecks; n != probes {
			t.Errorf("%d probes", n-probes)
		}
	})
}

// Changes of the state reach the observer each once and in order, with nothing
// locked, whatever it does.
func TestBreakerEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c *mds.Caller
		var mu sync.Mutex // guards events
		var events []mds.BreakerEvent
		cluster, c := start(t, 2, mds.WithBreaker(2, 100*time.Millisecond), mds.WithOnBreaker(func(e mds.BreakerEvent) {
			c.Breaker(e.Addr)
			c.Stats()
			time.Sleep(time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			events = append(events, e)
		}))
		for range 4 {
			cluster.Node(0).Inject(fakemds.Refuse)
			for range 20 {
				var wg sync.WaitGroup
				for range 4 {
					wg.Go(func() { read(t, c) })
				}
				wg.Wait()
				time.Sleep(50 * time.Millisecond)
			}
			cluster.Node(0).Clear()
			for range 20 {
				read(t, c)
				time.Sleep(50 * time.Millisecond)
			}
		}
		time.Sleep(time.Second)
		mu.Lock()
		defer mu.Unlock()
		closed := 0
		state := mds.BreakerClosed
		for i, e := range events {
			if e.Addr != c.Addrs()[0] || e.From != state || e.To == state || i > 0 && e.At.Before(events[i-1].At) {
				t.Fatalf("event %d is %+v after %s", i, e, state)
			}
			if state = e.To; state == mds.BreakerClosed {
				closed++
			}
		}
		if closed != 4 || state != mds.BreakerClosed {
			t.Errorf("closed %d times and is %s in the end, want 4 times and closed: %+v", closed, state, events)
		}
	})
}

// The observer may close the Caller, and is not told any more then.
func TestBreakerObserverMayClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c *mds.Caller
		told := 0
		cluster, c := start(t, 2, mds.WithBreaker(1, time.Hour), mds.WithOnBreaker(func(mds.BreakerEvent) {
			told++
			c.Close()
		}))
		cluster.Node(0).Inject(fakemds.Refuse)
		cluster.Node(1).Inject(fakemds.Refuse)
		read(t, c)
		synctest.Wait()
		if told != 1 {
			t.Errorf("told %d times, want once", told)
		}
	})
}

// Fifty calls that their callers give up say nothing of healthy MDS.
func TestFiftyCancelledCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3, mds.WithBreaker(1, time.Hour), mds.WithOnBreaker(func(e mds.BreakerEvent) { t.Errorf("%+v", e) }))
		for i := range 3 {
			cluster.Node(i).Inject(fakemds.Slow(50 * time.Millisecond).Times(20))
		}
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), 45*time.Millisecond)
				defer cancel()
				mds.Call(ctx, c, zbs.GetVolumeClients{Path: cbdPath}, mds.TryNext())
			})
		}
		wg.Wait()
		for i := range 3 {
			cluster.Node(i).Clear()
		}
		for i := range 5 {
			if took, _, err := read(t, c); err != nil || took != 0 {
				t.Errorf("call %d after them took %v: %v", i, took, err)
			}
		}
	})
}

// An MDS that takes longer to connect to than an echo may take is probed with
// patience.
func TestSlowToConnectIsNotExiled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := fakemds.NewCluster(t, 2)
		cluster.AddPool("lp", "pp")
		cluster.AddVolume(volumePath, "10.0.0.5:9001")
		dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
			if strings.HasPrefix(addr, "mds-0") {
				select {
				case <-time.After(200 * time.Millisecond):
				case <-ctx.Done():
					return nil, ctx.Err()
				}
			}
			return cluster.DialContext(ctx, network, addr)
		}
		c := newCaller(t, cluster, mds.WithDialContext(dial))
		chances := 0
		for range 1200 { // two minutes
			_, trace, err := read(t, c)
			if err != nil {
				t.Fatal(err)
			}
			if trace.Attempts[0].Addr == c.Addrs()[0] {
				chances++
			}
			time.Sleep(100 * time.Millisecond)
		}
		m := c.Stats().MDS[0]
		if chances < 2 {
			t.Errorf("%d of 1200 calls began with it; breaker %s, probes %d, requests that reached it %d, last: %v", chances, m.Breaker, m.HealthChecks, cluster.Node(0).Asked(""), m.LastErr)
		}
	})
}

// How patient probes were in one outage does not matter in the next.
func TestPatienceOfProbesIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 2)
		traffic := func(d time.Duration) {
			for began := time.Now(); time.Since(began) < d; time.Sleep(10 * time.Millisecond) {
				read(t, c)
			}
		}
		cluster.Node(0).Inject(fakemds.Hang.On("volume/clients"))
		traffic(30 * time.Second)
		cluster.Node(0).Clear()
		if _, err := mds.Call(t.Context(), c, zbs.Echo{}, mds.Target(c.Addrs()[0])); err != nil { // a Session's ping, say
			t.Fatal(err)
		}
		traffic(time.Minute) // all is well for a minute
		if s := c.Breaker(c.Addrs()[0]); s != mds.BreakerClosed {
			t.Fatal(s)
		}
		cluster.Node(0).Inject(fakemds.Hang)
		traffic(time.Second)
		cluster.Node(0).Clear()
		back := time.Now()
		for c.Breaker(c.Addrs()[0]) != mds.BreakerClosed {
			traffic(10 * time.Millisecond)
		}
		if took := time.Since(back); took > 300*time.Millisecond {
			t.Errorf("noticed after %v", took)
		}
	})
}

// A probe that hangs from before an MDS was back says nothing when it ends.
func TestOldProbeIsNoNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events []mds.BreakerEvent
		began := time.Now()
		cluster, c := start(t, 2, mds.WithBreaker(1, 100*time.Millisecond), mds.WithOnBreaker(func(e mds.BreakerEvent) { events = append(events, e) }))
		cluster.Node(0).Inject(fakemds.Hang)
		for range 83 {
			read(t, c)
			time.Sleep(10 * time.Millisecond)
		}
		cluster.Node(0).Clear()
		mds.Call(t.Context(), c, zbs.Echo{}, mds.Target(c.Addrs()[0]))
		for range 4000 {
			read(t, c)
			time.Sleep(10 * time.Millisecond)
		}
		synctest.Wait()
		for _, e := range events {
			if at := e.At.Sub(began); at > 2*time.Second {
				t.Errorf("after %v: %s to %s; the MDS has answered every call since 1s", at, e.From, e.To)
			}
		}
	})
}

// The same for an echo.
func TestOldEchoIsNoNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events []mds.BreakerEvent
		cluster, c := start(t, 2, mds.WithBreaker(1, 100*time.Millisecond), mds.WithOnBreaker(func(e mds.BreakerEvent) { events = append(events, e) }))
		cluster.Node(0).Inject(fakemds.Hang)
		for range 100 {
			read(t, c)
			time.Sleep(10 * time.Millisecond)
		}
		cluster.Node(0).Clear()
		back := time.Now()
		mds.Call(t.Context(), c, zbs.Echo{}, mds.Target(c.Addrs()[0]))
		for range 100 {
			read(t, c)
			time.Sleep(10 * time.Millisecond)
		}
		synctest.Wait()
		for _, e := range events {
			if e.At.After(back) && e.To == mds.BreakerOpen {
				t.Errorf("opened %v after it had answered, and it answered everything since", e.At.Sub(back))
			}
		}
	})
}

// A success of one that is asked although its breaker is open closes it, and is
// told.
func TestOpenToClosedIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events []mds.BreakerEvent
		cluster, c := start(t, 1, mds.WithBreaker(1, time.Hour), mds.WithOnBreaker(func(e mds.BreakerEvent) { events = append(events, e) }))
		cluster.Node(0).Inject(fakemds.Refuse)
		read(t, c)
		cluster.Node(0).Clear()
		read(t, c)
		synctest.Wait()
		if len(events) != 2 || events[1].From != mds.BreakerOpen || events[1].To != mds.BreakerClosed {
			t.Errorf("%+v", events)
		}
	})
}

// Close ends the command of a probe, too.
func TestCloseEndsTheCommandOfAProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 2)
		cluster.Node(0).Inject(fakemds.Hang.On("volume/clients"))
		read(t, c)
		read(t, c) // an echo, which is answered, and then the command
		synctest.Wait()
		if n := c.Stats().MDS[0].InFlight; n != 1 {
			t.Fatalf("%d probes under way, want the command", n)
		}
		began := time.Now()
		c.Close()
		if took := time.Since(began); took != 0 {
			t.Errorf("Close took %v", took)
		}
	})
}

// An MDS is probed by one echo and one command at a time.
func TestOneCommandAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 2)
		cluster.Node(0).Inject(fakemds.Hang.On("volume/clients"))
		for range 1000 {
			read(t, c)
			synctest.Wait()
			if n := c.Stats().MDS[0].InFlight; n > 2 {
				t.Fatalf("%d probes under way, want an echo and a command at most", n)
			}
			time.Sleep(10 * time.Millisecond)
		}
	})
}
