package hashring_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/hashring"
)

// table is a source in memory. Like ZStack's it lists the nodes whose heartbeat is
// not stale by its own clock, and refuses to refresh a node that it does not have.
type table struct {
	mu     sync.Mutex // guards all below
	clock  int
	beats  map[string]int
	fail   error
	asked  int
	beaten int
}

const staleAfter = 3

func newTable(ids ...string) *table {
	s := &table{beats: make(map[string]int)}
	for _, id := range ids {
		s.beats[id] = 0
	}
	return s
}

func (s *table) Nodes(ctx context.Context) (nodes []hashring.Node, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked++; s.fail != nil {
		return nil, s.fail
	}
	for id, beat := range s.beats {
		if s.clock-beat <= staleAfter {
			nodes = append(nodes, hashring.Node{ID: id, Addr: id + ":8080"})
		}
	}
	return nodes, ctx.Err()
}

func (s *table) Beat(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.beaten++
	if s.fail != nil {
		return s.fail
	}
	if _, ok := s.beats[id]; !ok {
		return fmt.Errorf("row %q: %w", id, hashring.ErrNotListed)
	}
	s.beats[id] = s.clock
	return nil
}

func (s *table) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func newMembership(t *testing.T, self string, source hashring.Source, options ...hashring.Option) *hashring.Membership {
	t.Helper()
	m, err := hashring.NewMembership(self, source, options...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// record returns a function that returns the events so far, such as "+a listed".
func record(m *hashring.Membership) func() []string {
	var events []string
	m.Observe(func(e hashring.Event) {
		sign := "-"
		if e.Joined {
			sign = "+"
		}
		events = append(events, sign+e.Node.ID+" "+e.Reason.String())
	})
	return func() []string { return events }
}

func wantNodes(t *testing.T, m *hashring.Membership, want ...string) {
	t.Helper()
	if got := m.Nodes(); !slices.Equal(got, want) {
		t.Errorf("nodes are %q, want %q", got, want)
	}
}

func beat(t *testing.T, m *hashring.Membership, want error) {
	t.Helper()
	if err := m.Heartbeat(t.Context()); !errors.Is(err, want) {
		t.Errorf("heartbeat: %v, want %v", err, want)
	}
}

func TestMissingNodeLeavesInTheSecondRound(t *testing.T) {
	s := newTable("a", "b")
	m := newMembership(t, "a", s)
	events := record(m)
	beat(t, m, nil)
	wantNodes(t, m, "a", "b")

	s.set(func() { delete(s.beats, "b") })
	beat(t, m, nil)
	wantNodes(t, m, "a", "b")
	if got := m.Status().Suspected; !slices.Equal(got, []string{"b"}) {
		t.Errorf("suspected %q, want b", got)
	}
	beat(t, m, nil)
	wantNodes(t, m, "a")
	if got := events(); got[len(got)-1] != "-b missing" || len(got) != 3 {
		t.Errorf("events %q, want two joins and -b missing", got)
	}
	if got := m.Status().Suspected; len(got) != 0 {
		t.Errorf("suspected %q after the leave, want nobody", got)
	}
}

func TestSuspicionIsCleared(t *testing.T) {
	for _, c := range []struct {
		name  string
		clear func(s *table, m *hashring.Membership)
	}{
		{"by a join", func(_ *table, m *hashring.Membership) { m.Join(hashring.Node{ID: "b"}) }},
		{"by a reappearance", func(s *table, m *hashring.Membership) {
			s.set(func() { s.beats["b"] = s.clock })
			beat(t, m, nil)
			s.set(func() { delete(s.beats, "b") })
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newTable("a", "b")
			m := newMembership(t, "a", s)
			beat(t, m, nil)
			s.set(func() { delete(s.beats, "b") })
			beat(t, m, nil)
			c.clear(s, m)
			beat(t, m, nil)
			wantNodes(t, m, "a", "b") // the first miss again
			beat(t, m, nil)
			wantNodes(t, m, "a")
		})
	}
}

func TestRoundsAreConfigurable(t *testing.T) {
	s := newTable("a", "b")
	m := newMembership(t, "a", s, hashring.WithRounds(4))
	beat(t, m, nil)
	s.set(func() { delete(s.beats, "b") })
	for range 3 {
		beat(t, m, nil)
		wantNodes(t, m, "a", "b")
	}
	beat(t, m, nil)
	wantNodes(t, m, "a")
}

func TestFailingSourceChangesNothing(t *testing.T) {
	down := errors.New("connection refused")
	s := newTable("a", "b")
	m := newMembership(t, "a", s)
	beat(t, m, nil)
	s.set(func() { s.fail = down; delete(s.beats, "b") })
	for range 5 {
		beat(t, m, down)
	}
	wantNodes(t, m, "a", "b")
	if got := m.Status(); !errors.Is(got.Err, down) || len(got.Suspected) != 0 {
		t.Errorf("status %+v, want the error and nobody suspected", got)
	}
}

// emptied is a source without heartbeats that lists what the test sets.
type emptied struct{ nodes []hashring.Node }

func (s *emptied) Nodes(context.Context) ([]hashring.Node, error) { return s.nodes, nil }

func TestEmptySourceChangesNothing(t *testing.T) {
	s := &emptied{[]hashring.Node{{ID: "a"}, {ID: "b"}}}
	m, onlooker := newMembership(t, "a", s), newMembership(t, "", s)
	beat(t, m, nil)
	beat(t, onlooker, nil)
	s.nodes = nil
	for range 5 {
		beat(t, m, hashring.ErrEmptySource)
		beat(t, onlooker, nil)
	}
	wantNodes(t, m, "a", "b")
	wantNodes(t, onlooker) // it is in no list, so an empty list may be true
}

func TestOwnRowGoneFencesAtOnce(t *testing.T) {
	s := newTable("a", "b")
	m := newMembership(t, "a", s)
	events := record(m)
	beat(t, m, nil)
	s.set(func() { delete(s.beats, "a") })
	beat(t, m, hashring.ErrFenced)
	wantNodes(t, m, "b")
	if !m.Status().Fenced {
		t.Error("status does not say fenced")
	}
	if got := events(); got[len(got)-1] != "-a fenced" {
		t.Errorf("events %q, want -a fenced last", got)
	}
	for i := range 1000 {
		if m.OwnedByUs(fmt.Sprint("key-", i)) {
			t.Fatalf("a fenced node owns key-%d", i)
		}
	}

	s.set(func() { s.beats["a"], s.beaten = s.clock, 0 })
	beat(t, m, nil)
	wantNodes(t, m, "b") // being listed again is not enough
	if s.beaten != 0 {
		t.Error("a fenced node refreshed its row")
	}
	m.Join(hashring.Node{ID: "a"})
	beat(t, m, nil)
	wantNodes(t, m, "a", "b")
	if m.Status().Fenced {
		t.Error("status says fenced after the join")
	}
}

func TestOwnNodeMissingFromAnswerFencesInTheSecondRound(t *testing.T) {
	s := &emptied{[]hashring.Node{{ID: "a"}, {ID: "b"}}}
	m := newMembership(t, "a", s)
	beat(t, m, nil)
	s.nodes = s.nodes[1:]
	beat(t, m, nil)
	wantNodes(t, m, "a", "b")
	beat(t, m, hashring.ErrFenced)
	wantNodes(t, m, "b")
}

func TestUnregisteredNodeIsReported(t *testing.T) {
	m := newMembership(t, "a", newTable("b"))
	beat(t, m, hashring.ErrNotListed)
	wantNodes(t, m, "b")
}

func TestDead(t *testing.T) {
	s := newTable("a", "b")
	m := newMembership(t, "a", s)
	beat(t, m, nil)
	m.Dead()
	wantNodes(t, m, "b")
	beat(t, m, nil)
	wantNodes(t, m, "b")
	m.Join(hashring.Node{ID: "a"})
	wantNodes(t, m, "a", "b")
}

func TestNodeInfoFillsTheTable(t *testing.T) {
	s := newTable("a")
	m := newMembership(t, "a", s)
	beat(t, m, nil)
	s.set(func() { s.beats["new"] = 0; s.asked = 0 })
	for range 2 {
		node, err := m.NodeInfo(t.Context(), "new")
		if err != nil || node.Addr != "new:8080" {
			t.Fatalf("info is %+v, %v; want the new entry", node, err)
		}
	}
	if s.asked != 1 {
		t.Errorf("the source was asked %d times, want once", s.asked)
	}
	wantNodes(t, m, "a")
	if _, err := m.NodeInfo(t.Context(), "nobody"); !errors.Is(err, hashring.ErrUnknownNode) {
		t.Errorf("info of nobody: %v, want ErrUnknownNode", err)
	}
	s.set(func() { delete(s.beats, "new") })
	beat(t, m, nil)
	if _, err := m.NodeInfo(t.Context(), "new"); !errors.Is(err, hashring.ErrUnknownNode) {
		t.Errorf("info after the source dropped it: %v, want ErrUnknownNode", err)
	}
	s.set(func() { s.fail = context.DeadlineExceeded })
	if _, err := m.NodeInfo(t.Context(), "x"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("info from a failing source: %v, want its error", err)
	}
}

func TestObserversMayCallBack(t *testing.T) {
	m := newMembership(t, "a", hashring.Static())
	var seen []string
	m.Observe(func(e hashring.Event) {
		seen = append(seen, e.Node.ID)
		if e.Joined && e.Node.ID == "b" {
			m.Join(hashring.Node{ID: "c"}) // would deadlock under a lock
			m.Leave("b")
		}
	})
	second := record(m)
	m.Join(hashring.Node{ID: "b"})
	if want := []string{"b", "c", "b"}; !slices.Equal(seen, want) {
		t.Errorf("saw %q, want %q", seen, want)
	}
	if want := []string{"+b told", "+c told", "-b told"}; !slices.Equal(second(), want) {
		t.Errorf("the second observer saw %q, want %q", second(), want)
	}
}

func TestObserverStops(t *testing.T) {
	m := newMembership(t, "a", hashring.Static())
	calls := 0
	stop := m.Observe(func(hashring.Event) { calls++ })
	m.Join(hashring.Node{ID: "b"})
	stop()
	m.Leave("b")
	if calls != 1 {
		t.Errorf("%d calls, want 1", calls)
	}
}

func TestPanickingObserverBlocksNobody(t *testing.T) {
	m := newMembership(t, "a", hashring.Static())
	stop := m.Observe(func(hashring.Event) { panic("observer") })
	func() {
		defer func() { _ = recover() }()
		m.Join(hashring.Node{ID: "b"})
	}()
	stop()
	events := record(m)
	m.Leave("b")
	if got := events(); !slices.Equal(got, []string{"-b told"}) {
		t.Errorf("events %q, want -b told", got)
	}
}

func TestRunDoesARoundPerInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTable("a", "b")
		m := newMembership(t, "a", s, hashring.WithInterval(time.Minute))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- m.Run(ctx) }()
		start := time.Now()
		synctest.Wait()
		wantNodes(t, m, "a", "b")
		s.set(func() { delete(s.beats, "b") })
		time.Sleep(2*time.Minute - time.Nanosecond)
		wantNodes(t, m, "a", "b")
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		wantNodes(t, m, "a")
		if got, want := m.Status().LastGood, start.Add(2*time.Minute); !got.Equal(want) {
			t.Errorf("last good round at %v, want %v", got, want)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("run ended with %v, want context.Canceled", err)
		}
	})
}

// hung never answers, but respects its deadline.
type hung struct{}

func (hung) Nodes(ctx context.Context) ([]hashring.Node, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestHungSourceCostsOneInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMembership(t, "a", hung{}, hashring.WithInterval(time.Minute))
		start := time.Now()
		beat(t, m, context.DeadlineExceeded)
		if got := time.Since(start); got != time.Minute {
			t.Errorf("the round took %v, want one interval", got)
		}
	})
}

func TestInvalidOptions(t *testing.T) {
	_, err := hashring.NewMembership("a", nil,
		hashring.WithRounds(1), hashring.WithInterval(0), hashring.WithLogger(nil), hashring.WithPlacement(9))
	if !errors.Is(err, hashring.ErrInvalidOption) {
		t.Fatalf("got %v, want ErrInvalidOption", err)
	}
	if got := strings.Count(err.Error(), "\n") + 1; got != 5 {
		t.Errorf("%d complaints, want all 5:\n%v", got, err)
	}
}
