package mds_test

import (
	"errors"
	"net"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// The user serves the handler, under a path of his own.
func TestMountedCallbacks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := fakemds.NewCluster(t, 1)
		cluster.AddPool("lp", "pp")
		listener, err := cluster.Listen()
		if err != nil {
			t.Fatal(err)
		}
		c, err := mds.New(cluster.Addrs(), mds.WithDialContext(cluster.DialContext),
			mds.WithMountedCallbacks("http://"+listener.Addr().String()+"/storage/results?from=zbs"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		mux := http.NewServeMux()
		mux.Handle("POST /storage/results", c.CallbackHandler())
		server := &http.Server{Handler: mux}
		go server.Serve(listener)
		defer server.Close()
		if capacity, err := mds.Call(t.Context(), c, zbs.GetCapacity{}); err != nil || len(capacity.Pools) != 1 {
			t.Errorf("%+v, %v", capacity, err)
		}
	})
}

// On real sockets, with a listener that the Caller opens for itself.
func TestCallbacksOnLoopback(t *testing.T) {
	cluster := fakemds.NewCluster(t, 1, fakemds.OnLoopback())
	cluster.AddPool("lp", "pp")
	c, err := mds.New(cluster.Addrs())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 20 {
		if _, err := mds.Call(t.Context(), c, zbs.GetCapacity{}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(cluster.Node(0).Conns()); n > 2 {
		t.Errorf("20 calls one after the other took %d connections", n)
	}
}

func TestCallbacksThatComeTwiceOrLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 1, mds.WithAttemptTimeout(5*time.Second))
		cluster.Node(0).Inject(fakemds.CallbackTwice.Times(1))
		if _, err := mds.Call(t.Context(), c, zbs.GetCapacity{}); err != nil {
			t.Errorf("twice: %v", err)
		}
		cluster.Node(0).Inject(fakemds.CallbackLate(4 * time.Second).Times(1))
		began := time.Now()
		if _, err := mds.Call(t.Context(), c, zbs.GetCapacity{}); err != nil || time.Since(began) != 4*time.Second {
			t.Errorf("in time: %v after %v", err, time.Since(began))
		}
		cluster.Node(0).Inject(fakemds.CallbackLate(6 * time.Second).Times(1))
		_, err := mds.Call(t.Context(), c, zbs.GetCapacity{})
		walk, ok := errors.AsType[*mds.CallError](err)
		if !ok || walk.Attempts[0].Phase != mds.PhaseCallback || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("too late: %v, want a time-out of phase callback", err)
		}
		if want := "capacity: 1 MDS tried: mds-0.fake:7763: callback: received, but no callback within 5s"; err.Error() != want {
			t.Errorf("error %q, want %q", err, want)
		}
		time.Sleep(time.Minute) // the late one finds nobody
		if _, err := mds.Call(t.Context(), c, zbs.GetCapacity{}); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// The Caller closes the listener it was given, whether a call needed it or not.
func TestCloseClosesTheListener(t *testing.T) {
	for _, used := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			cluster := fakemds.NewCluster(t, 1)
			listener, err := cluster.Listen()
			if err != nil {
				t.Fatal(err)
			}
			c, err := mds.New(cluster.Addrs(), mds.WithDialContext(cluster.DialContext), mds.WithCallbackListener(listener))
			if err != nil {
				t.Fatal(err)
			}
			if used {
				if _, err := mds.Call(t.Context(), c, zbs.GetFacts{}); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 { // a second Close does nothing
				if err := c.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
					t.Errorf("used %t: %v", used, err)
				}
			}
			if conn, err := cluster.DialContext(t.Context(), "tcp", listener.Addr().String()); err == nil {
				conn.Close()
				t.Errorf("used %t: the listener outlives its Caller", used)
			}
		})
	}
}
