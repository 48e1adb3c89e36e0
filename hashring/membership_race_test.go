package hashring_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/zbsclient/zbsclient/hashring"
)

// TestMembershipFromManyGoroutines mixes all operations. The race detector checks
// them, and the events must add up to the members.
func TestMembershipFromManyGoroutines(t *testing.T) {
	rows := newTable("a", "b", "c", "d")
	m := newMembership(t, "a", rows)
	members := make(map[string]bool) // without a lock: observers are called one at a time
	m.Observe(func(e hashring.Event) {
		if members[e.Node.ID] == e.Joined {
			t.Errorf("%+v, but it was so before", e)
		}
		members[e.Node.ID] = e.Joined
		if _, err := m.NodeInfo(t.Context(), "b"); err != nil {
			t.Errorf("called back: %v", err)
		}
	})
	beat(t, m, nil)
	var (
		writers, readers sync.WaitGroup
		stop             atomic.Bool
	)
	for i := range 2 {
		writers.Go(func() {
			for range 15 {
				m.Leave("c")
				m.Join(hashring.Node{ID: fmt.Sprint("new-", i)})
				if err := m.Heartbeat(t.Context()); err != nil {
					t.Error(err)
				}
				if _, err := m.NodeInfo(t.Context(), "d"); err != nil {
					t.Error(err)
				}
				m.Observe(func(hashring.Event) {})()
			}
		})
	}
	readers.Go(func() {
		for !stop.Load() {
			if owner, ok := m.Owner("key"); !ok || owner == "" {
				t.Error("no owner")
			}
			m.OwnedByUs("key")
			m.Status()
			for range m.Walk("key") {
			}
		}
	})
	writers.Wait()
	stop.Store(true)
	readers.Wait()
	var seen []string
	for id, in := range members {
		if in {
			seen = append(seen, id)
		}
	}
	if slices.Sort(seen); !slices.Equal(seen, m.Nodes()) {
		t.Errorf("by its events members are %q, by the ring %q", seen, m.Nodes())
	}
}
