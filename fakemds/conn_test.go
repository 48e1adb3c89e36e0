package fakemds_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
)

func open(t *testing.T, c *fakemds.Cluster, node int) io.ReadWriteCloser {
	t.Helper()
	conn, err := c.DialContext(context.Background(), "tcp", c.Node(node).Addr())
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// TestSilentConnection finds who opens a connection and says nothing: the agent
// closes it after 15 s, and the ledger tells.
func TestSilentConnection(t *testing.T) {
	bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
		start := time.Now()
		conn := open(t, c, 0)
		defer conn.Close()
		if n, err := conn.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("read %d, %v, want the end", n, err)
		}
		if got := time.Since(start); got != 15*time.Second {
			t.Errorf("closed after %v, want 15s", got)
		}
		time.Sleep(time.Second)
		got := c.Node(0).Conns()
		if len(got) != 1 || got[0].Silent != 15*time.Second || got[0].Bytes != 0 || got[0].Closed.IsZero() {
			t.Errorf("ledger: %+v", got)
		}
	})
}

// TestIdleConnection is closed 15 s after its last answer.
func TestIdleConnection(t *testing.T) {
	bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
		c.AddVolume(vol, "10.0.0.5")
		k := newCaller(t, c)
		for _, pause := range []time.Duration{14 * time.Second, 16 * time.Second, 0} {
			if _, err := k.clients(0, vol); err != nil {
				t.Fatal(err)
			}
			time.Sleep(pause)
		}
		got := c.Node(0).Conns()
		if len(got) != 2 || got[0].Requests != 2 || got[1].Requests != 1 {
			t.Errorf("ledger: %+v, want two requests on the first connection, one on the second", got)
		}
		if d := got[0].Closed.Sub(got[0].Opened); d != 29*time.Second {
			t.Errorf("the first was open for %v, want 29s", d)
		}
		if now, most := c.Node(0).OpenConns(); now != 1 || most != 1 {
			t.Errorf("open now %d, most %d, want 1 and 1", now, most)
		}
	})
}

// TestAgentLimits shows what silent connections do to an agent of ten threads.
func TestAgentLimits(t *testing.T) {
	for _, row := range []struct {
		silent int
		took   time.Duration
	}{
		{silent: 9, took: 0},
		{silent: 10, took: 15 * time.Second},
		{silent: 60, took: 90 * time.Second},
	} {
		bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
			c.AddVolume(vol, "10.0.0.5")
			for range row.silent {
				defer open(t, c, 0).Close()
				time.Sleep(2 * time.Millisecond) // not a burst
			}
			k := newCaller(t, c)
			start := time.Now()
			if _, err := k.clients(0, vol); err != nil {
				t.Fatal(err)
			}
			took := time.Since(start).Round(time.Second)
			if took != row.took {
				t.Errorf("with %d silent connections a call took %v, want %v", row.silent, took, row.took)
			}
		}, fakemds.WithAgentLimits(10, 5))
	}
}

// TestBacklog lets a burst of connects stall for a second.
func TestBacklog(t *testing.T) {
	bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
		start := time.Now()
		var mu sync.Mutex
		late := 0
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				defer open(t, c, 0).Close()
				mu.Lock()
				defer mu.Unlock()
				if time.Since(start) == time.Second {
					late++
				}
			})
		}
		wg.Wait()
		if late != 2 {
			t.Errorf("%d of 8 connects stalled a second, want 2", late)
		}
	}, fakemds.WithAgentLimits(10, 5))
}

// TestBlackholeEnds completes the connect when the network is back.
func TestBlackholeEnds(t *testing.T) {
	bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
		n := c.Node(0)
		n.Inject(fakemds.Blackhole)
		time.AfterFunc(time.Minute, n.Clear)
		start := time.Now()
		open(t, c, 0).Close()
		if got := time.Since(start); got != time.Minute {
			t.Errorf("connected after %v, want 1m", got)
		}
	})
}

// TestHangSeesClientLeave: a hanging node lets go of a connection whose client
// has gone, because it read the whole request before it hung.
func TestHangSeesClientLeave(t *testing.T) {
	bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
		c.Node(0).Inject(fakemds.Hang)
		k := newCaller(t, c)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, _, err := k.postContext(ctx, 0, "volume/clients", `{}`); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		synctest.Wait()
		if got := c.Node(0).Conns()[0]; got.Closed.Sub(got.Opened) != time.Minute || got.Bytes == 0 {
			t.Errorf("ledger: %+v, want it closed after a minute", got)
		}
	})
}

// TestSlowOutlivesClient: hanging up does not cancel the work.
func TestSlowOutlivesClient(t *testing.T) {
	bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
		c.Node(0).Inject(fakemds.Slow(time.Hour))
		k := newCaller(t, c)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		k.postContext(ctx, 0, "volume/clients", `{}`)
		if c.Executed("") != 0 {
			t.Error("executed too early")
		}
		time.Sleep(time.Hour)
		if got := c.Requests()[0]; !got.Executed || got.Answered {
			t.Errorf("ledger: %+v, want it executed and not answered", got)
		}
	})
}
