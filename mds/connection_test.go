package mds_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// checkConnections says from the agent's side that there were never more than
// most connections, and that none stayed open without having said anything.
func checkConnections(t *testing.T, n *fakemds.Node, most int) {
	t.Helper()
	for _, c := range n.Conns() {
		if c.Silent > 0 {
			t.Errorf("%s: connection %d was silent for %v: %+v", n.Addr(), c.ID, c.Silent, c)
		}
	}
	if _, got := n.OpenConns(); got > most {
		t.Errorf("%s: %d connections at once, want at most %d", n.Addr(), got, most)
	}
}

func TestSequentialCallsShareOneConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 1)
		for range 100 {
			if _, err := mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: cbdPath}); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(cluster.Node(0).Conns()); n != 1 {
			t.Errorf("100 calls one after the other took %d connections, want 1", n)
		}
		checkConnections(t, cluster.Node(0), 1)
	})
}

func TestConnectionsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 1)
		cluster.Node(0).Inject(fakemds.Slow(10 * time.Millisecond))
		began := time.Now()
		var wg sync.WaitGroup
		for range 200 {
			wg.Go(func() {
				if _, err := mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: cbdPath}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got, want := time.Since(began), 200/mds.DefaultConnections*10*time.Millisecond; got != want {
			t.Errorf("200 calls of 10ms over %d connections took %v, want %v", mds.DefaultConnections, got, want)
		}
		checkConnections(t, cluster.Node(0), mds.DefaultConnections)
	})
}

// Attempts that are cancelled at every moment leave no silent connection: each
// would hold one of the agent's ten threads for 15 s.
func TestCancelledAttemptsLeaveNothingSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := fakemds.NewCluster(t, 1)
		cluster.AddVolume(volumePath)
		slowDial := func(ctx context.Context, network, addr string) (net.Conn, error) {
			time.Sleep(5 * time.Millisecond)
			// Heedless of ctx: a connect may succeed at the moment it is cancelled.
			return cluster.DialContext(context.WithoutCancel(ctx), network, addr)
		}
		c, err := mds.New(cluster.Addrs(), mds.WithDialContext(slowDial))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		cluster.Node(0).Inject(fakemds.Slow(5 * time.Millisecond))
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for j := range 100 {
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration((i+5*j)%13)*time.Millisecond)
					mds.Call(ctx, c, zbs.GetVolumeClients{Path: cbdPath})
					cancel()
				}
			})
		}
		wg.Wait()
		if n := len(cluster.Node(0).Conns()); n < 50 {
			t.Errorf("%d connections, too few to show anything", n)
		}
		time.Sleep(30 * time.Second)
		checkConnections(t, cluster.Node(0), mds.DefaultConnections+1)
	})
}

// The connection of a cancelled dial must not serve the next attempt: what that
// one sent would not be counted, and a command would be taken for not sent.
func TestLateConnectionIsNotUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := fakemds.NewCluster(t, 1)
		cluster.AddVolume(volumePath)
		slowDial := func(ctx context.Context, network, addr string) (net.Conn, error) {
			time.Sleep(5 * time.Millisecond)
			return cluster.DialContext(context.WithoutCancel(ctx), network, addr)
		}
		c, err := mds.New(cluster.Addrs(), mds.WithDialContext(slowDial), mds.WithConnections(1))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Millisecond)
		defer cancel()
		mds.Call(ctx, c, zbs.GetVolumeClients{Path: cbdPath})
		cluster.Node(0).Inject(fakemds.Hang)
		_, err = mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: cbdPath})
		if walk, ok := errors.AsType[*mds.CallError](err); !ok || !walk.Attempts[0].Sent {
			t.Errorf("error %v, want an attempt that was sent", err)
		}
		if n := len(cluster.Node(0).Requests()); n != 1 {
			t.Errorf("%d requests arrived, want 1", n)
		}
	})
}

// A connect ends with the attempt that wanted it, although net/http would let
// it go on.
func TestDialEndsWithItsAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		ended := make(chan time.Duration, 1)
		c, err := mds.New([]string{"mds-a"}, mds.WithDialContext(func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			ended <- time.Since(began)
			return nil, ctx.Err()
		}))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		mds.Call(ctx, c, zbs.Echo{})
		if took := <-ended; took != time.Second {
			t.Errorf("the dial went on until %v, its caller left after 1s", took)
		}
	})
}

func TestIdleConnectionsCloseBeforeTheAgentDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 1)
		for range 2 {
			if _, err := mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: cbdPath}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(20 * time.Second)
		}
		conns := cluster.Node(0).Conns()
		if len(conns) != 2 {
			t.Fatalf("%d connections, want a new one after the pause", len(conns))
		}
		for _, conn := range conns {
			if life := conn.Closed.Sub(conn.Opened); life >= 15*time.Second || life < 5*time.Second {
				t.Errorf("an idle connection lived %v, want less than the agent's 15s", life)
			}
		}
	})
}

// A reused connection that died meanwhile costs a read one quick repetition at
// the same MDS, and a command that must not run twice is not repeated.
func TestDeadKeepAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 1)
		read := func() error {
			_, err := mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: cbdPath})
			return err
		}
		if err := read(); err != nil {
			t.Fatal(err)
		}
		cluster.Node(0).Inject(fakemds.Reset.Times(1))
		if err := read(); err != nil {
			t.Errorf("a dead reused connection failed the read: %v", err)
		}
		if n := len(cluster.Node(0).Requests()); n != 3 {
			t.Errorf("%d requests, want 3: the second read twice", n)
		}
		cluster.Node(0).Inject(fakemds.Reset.Times(2))
		if err := read(); err == nil {
			t.Error("a read was repeated more than once")
		}
		if n := len(cluster.Node(0).Requests()); n != 5 {
			t.Errorf("%d requests, want 5", n)
		}
	})
}

func TestRetriesAtTheSameMDS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 1, mds.WithRetries(2))
		cluster.Node(0).Inject(fakemds.Refuse.Times(2))
		began := time.Now()
		if _, err := mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: cbdPath}); err != nil {
			t.Fatal(err)
		}
		if got := time.Since(began); got != 100*time.Millisecond {
			t.Errorf("took %v, want the second wait of 100ms alone", got)
		}
		cluster.Node(0).Inject(fakemds.Refuse.Times(3))
		c2 := newCaller(t, cluster, mds.WithRetries(2))
		if _, err := mds.Call(t.Context(), c2, zbs.GetVolumeClients{Path: cbdPath}); err == nil {
			t.Error("repeated more often than WithRetries says")
		}
	})
}

// When every connection hangs, waiting for one ends with the attempt, is not
// sent, and does not tell on the MDS.
func TestBusyConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 1, mds.WithConnections(1), mds.WithBreaker(1, time.Hour))
		cluster.Node(0).Inject(fakemds.Hang.Times(1))
		done := make(chan struct{})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		go func() {
			defer close(done)
			mds.Call(ctx, c, zbs.GetVolumeClients{Path: cbdPath})
		}()
		synctest.Wait()
		_, err := mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: cbdPath}, mds.Timeout(5*time.Second))
		walk, ok := errors.AsType[*mds.CallError](err)
		if !ok || !errors.Is(err, mds.ErrBusy) || walk.Attempts[0].Sent || walk.Attempts[0].Duration != 5*time.Second {
			t.Errorf("error %v, want ErrBusy after 5s, not sent", err)
		}
		if state := c.Breaker(c.Addrs()[0]); state != mds.BreakerClosed {
			t.Errorf("breaker %s, want closed", state)
		}
		<-done
	})
}

// blackhole returns an address whose connects stay pending: a listener with a full backlog.
func blackhole(t *testing.T) string {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	syscall.Listen(fd, 0)
	sa, _ := syscall.Getsockname(fd)
	addr := (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: sa.(*syscall.SockaddrInet4).Port}).String()
	for range 4 {
		c, err := net.DialTimeout("tcp", addr, 50*time.Millisecond)
		if err == nil {
			t.Cleanup(func() { c.Close() })
		}
	}
	return addr
}

// A net.Dialer gives up at the deadline of its caller, a little before the context
// says so: that is not the MDS's fault.
func TestDeadlineOfADialIsTheCallers(t *testing.T) {
	addr := blackhole(t)
	var events atomic.Int64
	c, err := mds.New([]string{addr}, mds.WithBreaker(1, time.Millisecond), mds.WithOnBreaker(func(mds.BreakerEvent) { events.Add(1) }))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var blamed, calls atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 25 {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
				_, err := mds.Call(ctx, c, zbs.GetVolumeClients{Path: cbdPath})
				cancel()
				calls.Add(1)
				if w, ok := errors.AsType[*mds.CallError](err); !ok || len(w.Attempts) != 1 || !errors.Is(w.Attempts[0].Err, context.DeadlineExceeded) {
					blamed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	m := c.Stats().MDS[0]
	if m.Failed > 0 || blamed.Load() > 0 {
		t.Errorf("%d of %d calls that their callers ended count as failures (blamed %d), %d events", m.Failed, calls.Load(), blamed.Load(), events.Load())
	}
}
