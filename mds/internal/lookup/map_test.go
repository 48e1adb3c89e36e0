package lookup_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/zbsclient/zbsclient/mds/internal/lookup"
)

// Each name has one value, however many ask for it first at the same time.
func TestMap(t *testing.T) {
	var m lookup.Map[atomic.Int64]
	if names := m.Names(); len(names) != 0 {
		t.Errorf("the zero Map has %q", names)
	}
	var wg sync.WaitGroup
	for range 8 {
		for _, name := range []string{"b", "a", "c"} {
			wg.Go(func() { m.Get(name).Add(1) })
		}
	}
	wg.Wait()
	if want := []string{"a", "b", "c"}; !slices.Equal(m.Names(), want) {
		t.Errorf("names %q, want %q", m.Names(), want)
	}
	for _, name := range m.Names() {
		if got := m.Get(name).Load(); got != 8 {
			t.Errorf("%s was counted %d times, want 8", name, got)
		}
	}
	if allocs := testing.AllocsPerRun(10, func() { m.Get("a").Add(1) }); allocs != 0 {
		t.Errorf("looking up allocates %v times", allocs)
	}
}
