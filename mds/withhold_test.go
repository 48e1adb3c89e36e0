package mds_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

var errStale = errors.New("stale")

// freshFor returns what a SendOnlyWhile takes: nil for d, errStale after it.
func freshFor(d time.Duration) func() error {
	began := time.Now()
	return func() error {
		if time.Since(began) >= d {
			return errStale
		}
		return nil
	}
}

// checkWithheld says that the call stopped for errStale, and that its last attempt
// was not sent.
func checkWithheld(t *testing.T, err error, attempts int, mayHaveRun bool) {
	t.Helper()
	walk, ok := errors.AsType[*mds.CallError](err)
	if !ok || walk.Stop != errStale || !errors.Is(err, errStale) {
		t.Fatalf("%v, want a CallError that stopped for %v", err, errStale)
	}
	if len(walk.Attempts) != attempts || walk.MayHaveRun() != mayHaveRun || errors.Is(err, mds.ErrAllFailed) {
		t.Errorf("%+v: may have run %t, want %d attempts and %t", err, walk.MayHaveRun(), attempts, mayHaveRun)
	}
	if last := walk.Attempts[len(walk.Attempts)-1]; last.Phase != mds.PhaseWithheld || last.Sent || last.MayHaveRun() {
		t.Errorf("the last attempt is %+v, want it withheld and not sent", last)
	}
}

// The first MDS hangs for so long that the second must not get the request.
func TestWithheldFromTheSecondMDS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 2)
		cluster.Node(0).Inject(fakemds.Hang)
		_, err := mds.Call(t.Context(), c, zbs.FlattenVolume{Path: cbdPath},
			mds.TryNext(), mds.Timeout(180*time.Second), mds.SendOnlyWhile(freshFor(time.Minute)))
		checkWithheld(t, err, 2, true)
		if n := cluster.Node(1).Requests(); len(n) != 0 {
			t.Errorf("the second MDS got %v", n)
		}
		if s := c.Stats(); s.Budget != mds.DefaultRetryBudget || s.MDS[1].Cancelled != 1 || s.MDS[1].Failed != 0 {
			t.Errorf("%v of %v retries are left, the second MDS counts %+v", s.Budget, mds.DefaultRetryBudget, s.MDS[1].Counts)
		}
	})
}

// A request that waits for a connection too long is not written on it.
func TestWithheldAfterTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 1, mds.WithConnections(1))
		var wg sync.WaitGroup
		defer wg.Wait()
		hold(t, &wg, cluster, c, 0, time.Minute)
		began := time.Now()
		_, err := mds.Call(t.Context(), c, zbs.FlattenVolume{Path: cbdPath},
			mds.Timeout(time.Hour), mds.SendOnlyWhile(freshFor(time.Minute)))
		checkWithheld(t, err, 1, false)
		if n := askedFor(cluster, "volume/flatten"); n != 0 || time.Since(began) != time.Minute {
			t.Errorf("sent %d times, after %v", n, time.Since(began))
		}
		checkConnections(t, cluster.Node(0), 1)
	})
}

// A connection that takes too long to open carries no request, and is closed.
func TestWithheldAfterTheDial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := fakemds.NewCluster(t, 2)
		cluster.AddVolume(volumePath)
		var dials atomic.Int32
		c := mds.Recognised(newCaller(t, cluster, mds.WithDialContext(func(ctx context.Context, network, addr string) (net.Conn, error) {
			dials.Add(1)
			time.Sleep(20 * time.Second)
			return cluster.DialContext(ctx, network, addr)
		})))
		_, err := mds.Call(t.Context(), c, zbs.FlattenVolume{Path: cbdPath}, mds.TryNext(), mds.SendOnlyWhile(freshFor(20*time.Second)))
		checkWithheld(t, err, 1, false)
		synctest.Wait()
		if n := askedFor(cluster, "volume/flatten"); n != 0 || dials.Load() != 1 {
			t.Errorf("sent %d times, over %d connections", n, dials.Load())
		}
		if open, _ := cluster.Node(0).OpenConns(); open != 0 {
			t.Errorf("%d connections stay open", open)
		}
	})
}

// A reused connection carries nothing either, and no other is opened instead.
func TestWithheldOnAReusedConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 1)
		if _, err := mds.Call(t.Context(), c, zbs.Echo{}); err != nil {
			t.Fatal(err)
		}
		var asks int
		_, err := mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: cbdPath}, mds.SendOnlyWhile(func() error {
			if asks++; asks == 3 { // before the attempt, with its place, with its connection
				return errStale
			}
			return nil
		}))
		checkWithheld(t, err, 1, false)
		synctest.Wait()
		if n := askedFor(cluster, "volume/clients"); n != 0 || len(cluster.Node(0).Conns()) != 1 {
			t.Errorf("sent %d times, over %d connections", n, len(cluster.Node(0).Conns()))
		}
		if _, err := mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: cbdPath}); err != nil {
			t.Errorf("the next call on the same slot: %v", err)
		}
	})
}

// A repetition at the same MDS is a request like any other.
func TestWithheldFromARepetition(t *testing.T) {
	resets := map[string]func(*testing.T, func() error) (int, error){
		"over our connections": func(t *testing.T, valid func() error) (int, error) {
			cluster, c := start(t, 1, mds.WithRetries(5))
			cluster.Node(0).Inject(fakemds.Reset)
			_, err := mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: cbdPath}, mds.SendOnlyWhile(valid))
			return askedFor(cluster, "volume/clients"), err
		},
		"over another transport": func(t *testing.T, valid func() error) (n int, err error) {
			c := mocked(t, roundTripper(func(*http.Request) (*http.Response, error) {
				n++
				return nil, errors.New("reset")
			}), mds.WithRetries(5))
			_, err = mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: cbdPath}, mds.SendOnlyWhile(valid))
			return n, err
		},
	}
	for name, call := range resets {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n, err := call(t, freshFor(50*time.Millisecond))
				walk, ok := errors.AsType[*mds.CallError](err)
				if !ok || walk.Stop != errStale || !walk.Attempts[0].Sent || n != 2 {
					t.Errorf("sent %d times: %v; want one repetition at once, and none after 100ms", n, err)
				}
			})
		})
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// What stays valid changes nothing, and each request is asked about.
func TestSendOnlyWhileValid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 2)
		cluster.Node(0).Inject(fakemds.Refuse)
		var first, second atomic.Int32
		count := func(n *atomic.Int32) mds.CallOption {
			return mds.SendOnlyWhile(func() error { n.Add(1); return nil })
		}
		if _, err := mds.Call(t.Context(), c, zbs.QueryVolume{Path: cbdPath}, count(&first), count(&second), mds.SendOnlyWhile(nil)); err != nil {
			t.Fatal(err)
		}
		if first.Load() != 5 || second.Load() != 5 { // of the MDS that refuses two
			t.Errorf("asked %d and %d times, want 5", first.Load(), second.Load())
		}
	})
}

func TestExcept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3)
		addrs := c.Addrs()
		var trace mds.Trace
		for _, key := range []mds.CallOption{mds.RouteKey(""), mds.RouteKey(volumePath)} {
			if _, err := mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: cbdPath}, key, mds.Except(addrs[0]), mds.Except(addrs[2]), mds.Record(&trace)); err != nil {
				t.Fatal(err)
			}
			if addr, _ := trace.Answered(); addr != addrs[1] || len(trace.Skipped) != 2 || trace.Skipped[0].Reason != mds.Excepted {
				t.Errorf("%+v, want the second MDS asked and the others excepted", trace)
			}
		}
		if _, err := mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: cbdPath}, mds.Except(addrs...)); !errors.Is(err, mds.ErrNoCandidates) {
			t.Errorf("%v, want ErrNoCandidates", err)
		}
		if _, err := mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: cbdPath}, mds.Except(addrs...), mds.Target(addrs[0])); err != nil {
			t.Errorf("with a target: %v", err)
		}
		if n := askedFor(cluster, "volume/clients"); n != 3 {
			t.Errorf("%d requests, want 3", n)
		}
	})
}

// askedFor returns how many requests for the endpoint reached the cluster.
func askedFor(cluster *fakemds.Cluster, endpoint string) (sum int) {
	for _, n := range cluster.Asked(endpoint) {
		sum += n
	}
	return sum
}
