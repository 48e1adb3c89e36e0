package mds_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

const (
	pingEvery = 10 * time.Second
	pingFor   = 2 * time.Second
	// cycle is the most from one ping cycle to the next when all its tries
	// hang: the jittered interval, three tries and the pauses between them.
	cycle = pingEvery + pingEvery/10 + 3*pingFor + 2*time.Second
)

// events collects what an observer is told.
type events struct {
	mu  sync.Mutex
	all []mds.Event
}

func (e *events) note(event mds.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, event)
}

// of returns the states that one MDS came into.
func (e *events) of(addr zbs.Addr) (states []mds.State) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, event := range e.all {
		if event.Addr == addr {
			states = append(states, event.To)
		}
	}
	return states
}

func connect(t *testing.T, c *mds.Caller, opts ...mds.SessionOption) *mds.Session {
	t.Helper()
	s, err := mds.Connect(t.Context(), c, append([]mds.SessionOption{mds.WithPing(pingEvery, pingFor)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func states(s *mds.Session) (all []mds.State) {
	for _, status := range s.Status() {
		all = append(all, status.State)
	}
	return all
}

func wantStates(t *testing.T, s *mds.Session, want ...mds.State) {
	t.Helper()
	if diff := cmp.Diff(want, states(s)); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
}

func TestConnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3)
		cluster.Node(1).Unsync()
		cluster.Node(2).Inject(fakemds.Refuse)
		began := time.Now()
		s := connect(t, c)
		wantStates(t, s, mds.Connected, mds.Connected, mds.Disconnected)
		all := s.Status()
		if !all[0].Agent.Synced() || all[1].Agent.Synced() || all[2].Agent.Synced() {
			t.Errorf("synced: %+v", all)
		}
		if all[2].Err == nil || all[0].Err != nil || all[0].Since != began || all[0].Seen.IsZero() || !all[2].Seen.IsZero() {
			t.Errorf("status %+v", all)
		}
		if s.Cluster().UUID != "11111111-2222-3333-4444-555555555555" {
			t.Errorf("cluster %+v", s.Cluster())
		}
	})
}

func TestConnectRefuses(t *testing.T) {
	for name, row := range map[string]struct {
		breakIt func(*fakemds.Cluster)
		opts    []mds.SessionOption
		want    error
		says    string
	}{
		"all down":            {func(c *fakemds.Cluster) { injectAll(c, fakemds.Refuse) }, nil, mds.ErrAllFailed, "mds-2.fake"},
		"all old":             {func(c *fakemds.Cluster) { eachNode(c, func(n *fakemds.Node) { n.SetGeneration(fakemds.G6) }) }, nil, mds.ErrAgentTooOld, "agent too old"},
		"another cluster":     {func(*fakemds.Cluster) {}, []mds.SessionOption{mds.WithExpectedCluster("other")}, mds.ErrWrongCluster, "want other"},
		"an empty expected":   {func(*fakemds.Cluster) {}, []mds.SessionOption{mds.WithExpectedCluster("")}, mds.ErrInvalidOption, "empty"},
		"pings without pause": {func(*fakemds.Cluster) {}, []mds.SessionOption{mds.WithPing(0, time.Second)}, mds.ErrInvalidOption, "positive"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, _ := start(t, 3)
				c := newCaller(t, cluster)
				row.breakIt(cluster)
				s, err := mds.Connect(t.Context(), c, row.opts...)
				if s != nil || !errors.Is(err, row.want) || !strings.Contains(err.Error(), row.says) || strings.Contains(err.Error(), "\n") {
					t.Errorf("%v, want one line of %v that says %q", err, row.want, row.says)
				}
			})
		})
	}
}

func eachNode(c *fakemds.Cluster, do func(*fakemds.Node)) {
	for i := range c.Addrs() {
		do(c.Node(i))
	}
}

func injectAll(c *fakemds.Cluster, f fakemds.Fault) {
	eachNode(c, func(n *fakemds.Node) { n.Inject(f) })
}

// MDS of two clusters in one list: the error says who named which.
func TestConnectToTwoClusters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := fakemds.NewCluster(t, 1)
		other := fakemds.NewCluster(t, 2, fakemds.ClusterID("other", "1.6.2"))
		c := overTwo(t, one, other)
		_, err := mds.Connect(t.Context(), c)
		if !errors.Is(err, mds.ErrWrongCluster) {
			t.Fatalf("%v, want ErrWrongCluster", err)
		}
		for _, part := range []string{"a.fake:7763 says 11111111-", "b.fake:7763 says other"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%v does not say %q", err, part)
			}
		}
	})
}

// overTwo returns a Caller of two MDS: a.fake is one's first, b.fake other's.
func overTwo(t *testing.T, one, other *fakemds.Cluster) *mds.Caller {
	t.Helper()
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		if strings.HasPrefix(addr, "a.") {
			return one.DialContext(ctx, network, one.Addrs()[0])
		}
		return other.DialContext(ctx, network, other.Addrs()[0])
	}
	c, err := mds.New([]string{"a.fake", "b.fake"}, mds.WithMountedCallbacks("http://callback.fake/"), mds.WithDialContext(dial))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	one.HandleCallbacks("callback.fake", c.CallbackHandler())
	other.HandleCallbacks("callback.fake", c.CallbackHandler())
	return c
}

// An agent of 5.4.0 among others is refused by itself.
func TestSessionWithOldAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, _ := start(t, 2)
		c := newCaller(t, cluster)
		cluster.Node(0).SetGeneration(fakemds.G6)
		s := connect(t, c)
		wantStates(t, s, mds.Disconnected, mds.Connected)
		if err := s.Status()[0].Err; !errors.Is(err, mds.ErrAgentTooOld) {
			t.Errorf("%v, want ErrAgentTooOld", err)
		}
	})
}

// Three failed cycles in a row disconnect one MDS while others answer, and its
// hanging keeps nobody from being pinged.
func TestSessionDisconnectsAndReconnects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3)
		var seen events
		s := connect(t, c, mds.OnEvent(seen.note))
		hung := cluster.Node(1)
		hung.Inject(fakemds.Hang)
		time.Sleep(2 * cycle) // two cycles, or the third is still under way
		if got := s.Status()[1]; got.State != mds.Connected {
			t.Errorf("after at most two failed cycles: %+v", got)
		}
		time.Sleep(2 * cycle)
		wantStates(t, s, mds.Connected, mds.Disconnected, mds.Connected)
		for _, i := range []int{0, 2} {
			if quiet := time.Since(s.Status()[i].Seen); quiet > pingEvery+pingEvery/10 {
				t.Errorf("MDS %d was not pinged for %v", i, quiet)
			}
		}
		hung.Clear()
		time.Sleep(2 * cycle)
		wantStates(t, s, mds.Connected, mds.Connected, mds.Connected)
		want := []mds.State{mds.Connected, mds.Connecting, mds.Disconnected, mds.Connected}
		if diff := cmp.Diff(want, seen.of(c.Addrs()[1])); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]mds.State{mds.Connected}, seen.of(c.Addrs()[0])); diff != "" {
			t.Errorf("events of a healthy one (-want +got):\n%s", diff)
		}
	})
}

// One missed try, or two missed cycles, are nothing.
func TestSessionForgivesSome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 2)
		var seen events
		s := connect(t, c, mds.OnEvent(seen.note))
		for range 2 {
			cluster.Node(0).Inject(fakemds.Hang.Times(2 * 3).On("ping"))
			time.Sleep(5 * cycle)
			wantStates(t, s, mds.Connected, mds.Connected)
		}
		if got := seen.of(c.Addrs()[0]); len(got) != 1 {
			t.Errorf("events %v, want the first alone", got)
		}
		if asked := cluster.Asked("ping")[0]; asked < 14 {
			t.Errorf("%d pings, want at least the twelve that hung and one after each six", asked)
		}
	})
}

// When all are down nobody waits for three cycles, and the first that comes
// back is noticed at once; a dead cluster is not hammered.
func TestSessionAllDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 2)
		s := connect(t, c)
		injectAll(cluster, fakemds.Refuse)
		time.Sleep(pingEvery + pingEvery/10 + 3*time.Second)
		wantStates(t, s, mds.Disconnected, mds.Disconnected)
		eachNode(cluster, (*fakemds.Node).Clear)
		time.Sleep(2200 * time.Millisecond)
		if got := states(s); got[0] != mds.Connected && got[1] != mds.Connected {
			t.Errorf("2 s after they are back: %v", got)
		}
		time.Sleep(cycle)
		wantStates(t, s, mds.Connected, mds.Connected)

		injectAll(cluster, fakemds.Status(503))
		time.Sleep(time.Minute)
		eachNode(cluster, (*fakemds.Node).ResetLedger)
		time.Sleep(10 * time.Minute)
		if n := cluster.Asked(""); n[0] > 70 || n[0] < 50 {
			t.Errorf("%v requests in 10 minutes, want about one per interval", n)
		}
	})
}

// A restarted agent answers pings and is not synced: it stays connected.
func TestSessionSeesARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 2)
		s := connect(t, c)
		cluster.Node(0).Restart()
		time.Sleep(cycle)
		if got := s.Status()[0]; got.State != mds.Connected || got.Agent.Synced() || got.Err != nil {
			t.Errorf("%+v, want it connected and unsynced", got)
		}
	})
}

// An MDS that was moved to another cluster is not taken back.
func TestSessionWrongClusterLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := fakemds.NewCluster(t, 1)
		other := fakemds.NewCluster(t, 2, fakemds.ClusterID("other", "1.6.2"))
		other.Node(0).Inject(fakemds.Refuse)
		c := overTwo(t, one, other)
		s := connect(t, c)
		wantStates(t, s, mds.Connected, mds.Disconnected)
		other.Node(0).Clear()
		time.Sleep(2 * cycle)
		if got := s.Status()[1]; got.State != mds.Disconnected || !errors.Is(got.Err, mds.ErrWrongCluster) {
			t.Errorf("%+v, want ErrWrongCluster", got)
		}
	})
}

// The order of a walk follows the session; who is disconnected is still asked
// when nobody else answers.
func TestSessionOrdersTheWalk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 2)
		s := connect(t, c)
		cluster.Node(0).Inject(fakemds.AgentError("no leader").On("ping")) // which is no matter for its breaker
		time.Sleep(5 * cycle)
		wantStates(t, s, mds.Disconnected, mds.Connected)
		ask := func() zbs.Addr {
			var trace mds.Trace
			if _, err := mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: cbdPath}, mds.TryNext(), mds.Record(&trace)); err != nil {
				t.Error(err)
			}
			addr, _ := trace.Answered()
			return addr
		}
		if got := ask(); got != c.Addrs()[1] {
			t.Errorf("%v was asked first, it is disconnected", got)
		}
		cluster.Node(1).Inject(fakemds.Refuse)
		if got := ask(); got != c.Addrs()[0] {
			t.Errorf("%v answered, want the disconnected one", got)
		}
		cluster.Node(1).Clear()
		s.Close()
		time.Sleep(time.Minute) // its breaker's pause is over
		if got := ask(); got != c.Addrs()[0] {
			t.Errorf("%v was asked first after Close, want the order of the list", got)
		}
	})
}

// The observer may use the Session and end it.
func TestObserverMayClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 2)
		closed := make(chan struct{})
		var s *mds.Session
		s = connect(t, c, mds.OnEvent(func(e mds.Event) {
			if e.To == mds.Disconnected {
				if len(s.Status()) != 2 {
					t.Error("no status")
				}
				s.Close()
				close(closed)
			}
		}))
		cluster.Node(0).Inject(fakemds.Refuse)
		<-closed
		asked := cluster.Asked("")[1]
		time.Sleep(time.Hour)
		if now := cluster.Asked("")[1]; now != asked {
			t.Errorf("%d requests after Close", now-asked)
		}
		s.Close()
	})
}

// Nothing is told after Close.
func TestNoEventsAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 2)
		release := make(chan struct{})
		told := 0
		s := connect(t, c, mds.OnEvent(func(mds.Event) {
			told++
			<-release
		}))
		injectAll(cluster, fakemds.Refuse)
		time.Sleep(5 * cycle)
		s.Close()
		close(release)
		synctest.Wait()
		if told != 1 {
			t.Errorf("told of %d events, want only the one that was under way", told)
		}
	})
}

// Closing cancels what is under way at once.
func TestSessionCloseIsPrompt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 2)
		s := connect(t, c)
		injectAll(cluster, fakemds.Hang)
		time.Sleep(pingEvery + pingEvery/10 + time.Second/2)
		began := time.Now()
		s.Close()
		if took := time.Since(began); took != 0 {
			t.Errorf("Close took %v", took)
		}
	})
}

// However long it lasts and whatever happens, metadata/sync is sent when it is
// asked for and never else.
func TestSessionNeverSyncsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3)
		s := connect(t, c)
		for i := range 3 {
			node := cluster.Node(i % 3)
			node.Restart()
			time.Sleep(20 * time.Minute)
			node.Inject(fakemds.Refuse)
			time.Sleep(20 * time.Minute)
			node.Clear()
			time.Sleep(20 * time.Minute)
		}
		if n := cluster.Asked("metadata/sync"); n[0]+n[1]+n[2] != 0 {
			t.Errorf("metadata/sync was sent: %v", n)
		}
		if _, err := s.SyncMetadata(t.Context(), c.Addrs()[1], ""); err != nil {
			t.Errorf("with the version that ping reported before: %v", err)
		}
		if n := cluster.Asked("metadata/sync"); n[0]+n[2] != 0 || n[1] != 1 {
			t.Errorf("metadata/sync reached %v", n)
		}
		time.Sleep(cycle)
		if got := s.Status()[1].Agent.AgentVersion; got != "5.5.0" {
			t.Errorf("agent version %q, want the one reported before, 5.5.0", got)
		}
	})
}

func TestSyncMetadataNeedsAVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 1)
		cluster.Node(0).Unsync()
		s := connect(t, c)
		stranger, _ := zbs.ParseAddr("elsewhere")
		for _, row := range []struct {
			addr    zbs.Addr
			version string
			want    error
		}{
			{c.Addrs()[0], "", zbs.ErrInvalidName},
			{c.Addrs()[0], "5.5;reboot", zbs.ErrInvalidName},
			{stranger, "5.5.0", mds.ErrNoCandidates},
			{c.Addrs()[0], "5.6.0", nil},
		} {
			if _, err := s.SyncMetadata(t.Context(), row.addr, row.version); !errors.Is(err, row.want) {
				t.Errorf("%v, %q: %v, want %v", row.addr, row.version, err, row.want)
			}
		}
		if n := cluster.Asked("metadata/sync"); n[0] != 1 {
			t.Errorf("metadata/sync was sent %d times", n[0])
		}
	})
}

func TestConnectIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 2)
		injectAll(cluster, fakemds.Blackhole)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		_, err := mds.Connect(ctx, c)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}
