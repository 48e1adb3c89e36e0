package hashring

import (
	"fmt"
	"sync"
	"testing"
)

// hasTable reports whether lookups of the ring read a table.
func hasTable(r *Ring) bool { return r.load().slots.Load() != nil }

// A ring of few nodes gets its table when it is asked often. Before, its orders are
// those of the table.
func TestFewNodesNeedNoTable(t *testing.T) {
	r := New(Default)
	for n := range 5 {
		if got, want := hasTable(r), n > ranked; got != want {
			t.Errorf("%d nodes have a table: %t, want %t", n, got, want)
		}
		table := buildSlots(r.load().contest)
		for slot := range uint32(slotCount) {
			if got, want := r.load().top(slot), table.get(slot); got != want {
				t.Fatalf("%d nodes, slot %d: %v, want %v", n, slot, got, want)
			}
		}
		if got := hasTable(r); !got {
			t.Errorf("%d nodes have no table after %d lookups", n, slotCount)
		}
		r.Add(fmt.Sprintf("node-%d", n))
		r = New(Default, r.Nodes()...)
	}
	for n := 5; n > 0; n-- {
		r.Remove(fmt.Sprintf("node-%d", n-1))
		want := buildSlots(r.load().contest)
		if hasTable(r) != (n-1 > ranked) || r.load().top(12345) != want.get(12345) {
			t.Errorf("%d nodes are left, with a table: %t", n-1, hasTable(r))
		}
	}
}

// Of many readers one builds the table, and all get the same answer before and after.
func TestTableAppearsBetweenReaders(t *testing.T) {
	r := New(Default, "a", "b", "c")
	want := New(Default, "a", "b", "c", "d")
	want.Remove("d")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range tablePays {
				key := fmt.Sprint("key-", i)
				got, _ := r.Owner(key)
				if owner, _ := want.Owner(key); got != owner {
					t.Errorf("%s owns %s, want %s", got, key, owner)
				}
			}
		})
	}
	wg.Wait()
	if !hasTable(r) {
		t.Error("no table")
	}
}

// A heavy node bids so often that a table pays at once.
func TestWeightsNeedATable(t *testing.T) {
	r := New(Default, "a", "b")
	if err := r.SetWeight("a", 100); err != nil || !hasTable(r) {
		t.Fatalf("%v, or no table", err)
	}
	r.Remove("a")
	if got, _ := r.Owner("key"); got != "b" || hasTable(r) {
		t.Errorf("%s owns the key, with a table: %t", got, hasTable(r))
	}
	r.Add("c")
	r.Add("d")
	if err := r.SetWeight("c", 100); err != nil || !hasTable(r) {
		t.Errorf("%v, or no table", err)
	}
}
