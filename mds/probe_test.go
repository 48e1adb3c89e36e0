package mds_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

func TestOneCluster(t *testing.T) {
	healths := []mds.Health{
		{Addr: zbs.Addr{Host: "a", Port: 1}},
		{Addr: zbs.Addr{Host: "b", Port: 1}, Cluster: zbs.Facts{UUID: "x", Version: "1.6.2"}},
		{Addr: zbs.Addr{Host: "c", Port: 1}, Cluster: zbs.Facts{UUID: "x"}},
	}
	facts, ok, err := mds.OneCluster(healths)
	if err != nil || !ok || facts.UUID != "x" || facts.Version != "1.6.2" {
		t.Errorf("%v, %t, %v; want cluster x", facts, ok, err)
	}
	if _, ok, err := mds.OneCluster(healths[:1]); ok || err != nil {
		t.Errorf("nobody answered: %t, %v", ok, err)
	}
	healths[2].Cluster.UUID = "y"
	_, ok, err = mds.OneCluster(healths)
	if ok || !errors.Is(err, mds.ErrWrongCluster) || !strings.Contains(err.Error(), "b:1 says x, c:1 says y") {
		t.Errorf("two clusters: %t, %v", ok, err)
	}
}

// A Timeout bounds the three calls of a probe together.
func TestProbeOneTimeout(t *testing.T) {
	for _, row := range []struct {
		why   string
		fault []fakemds.Fault
		op    string // the call that was under way
	}{
		{"it hangs from the first call on", []fakemds.Fault{fakemds.Hang}, "echo"},
		{"it is slow and hangs then", []fakemds.Fault{fakemds.Slow(time.Second).On("echo"), fakemds.Hang.On("facts")}, "facts"},
		{"all is slow", []fakemds.Fault{fakemds.Slow(800 * time.Millisecond)}, "ping"},
	} {
		t.Run(row.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster := fakemds.NewCluster(t, 2)
				cluster.Node(1).Inject(row.fault...)
				listener, err := cluster.Listen()
				if err != nil {
					t.Fatal(err)
				}
				c, err := mds.New(cluster.Addrs(), mds.WithDialContext(cluster.DialContext), mds.WithCallbackListener(listener),
					mds.WithBreaker(1, time.Hour))
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				start := time.Now()
				h := mds.ProbeOne(t.Context(), c, c.Addrs()[1], mds.Timeout(2*time.Second))
				if got := time.Since(start); got != 2*time.Second {
					t.Errorf("the probe took %v, want 2s", got)
				}
				walk, ok := errors.AsType[*mds.CallError](h.Err)
				if !ok || walk.Op != row.op || !errors.Is(h.Err, os.ErrDeadlineExceeded) || h.Breaker != mds.BreakerOpen {
					t.Errorf("breaker %s, %v; want a time-out of %s that counts for the breaker", h.Breaker, h.Err, row.op)
				}
				if n := len(cluster.Node(0).Requests()); n != 0 {
					t.Errorf("the other MDS was asked %d times", n)
				}
			})
		})
	}
}

func TestProbeOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := fakemds.NewCluster(t, 1)
		cluster.Node(0).Inject(fakemds.Slow(time.Second).On("echo"))
		listener, err := cluster.Listen()
		if err != nil {
			t.Fatal(err)
		}
		c, err := mds.New(cluster.Addrs(), mds.WithDialContext(cluster.DialContext), mds.WithCallbackListener(listener))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		h := mds.ProbeOne(t.Context(), c, c.Addrs()[0])
		if h.Err != nil || h.Addr != c.Addrs()[0] || h.Latency != time.Second || h.Cluster.UUID == "" || !h.Agent.Synced() || h.Breaker != mds.BreakerClosed {
			t.Errorf("%+v", h)
		}
		if n := cluster.Node(0).Asked("metadata/sync"); n != 0 {
			t.Errorf("metadata/sync was sent %d times", n)
		}
		stranger := mds.ProbeOne(t.Context(), c, zbs.Addr{Host: "stranger", Port: 1})
		if !errors.Is(stranger.Err, mds.ErrNoCandidates) {
			t.Errorf("an MDS that is not in the list: %v", stranger.Err)
		}
	})
}
