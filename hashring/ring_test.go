package hashring_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/zbsclient/zbsclient/hashring"
)

var placements = []hashring.Placement{hashring.Default, hashring.ZStack}

func TestEmptyRing(t *testing.T) {
	rings := map[string]*hashring.Ring{
		"zero":    {},
		"default": hashring.New(hashring.Default),
		"zstack":  hashring.New(hashring.ZStack),
	}
	for _, p := range placements {
		r := hashring.New(p, "a", "b")
		r.Remove("a")
		r.Remove("b")
		rings["emptied "+p.String()] = r
		r = hashring.New(p, "a", "b")
		r.Set()
		rings["set to nothing "+p.String()] = r
	}
	for name, r := range rings {
		t.Run(name, func(t *testing.T) {
			if owner, ok := r.Owner("key"); owner != "" || ok {
				t.Errorf("owner is %q, %t", owner, ok)
			}
			if owner, ok := r.OwnerBytes(nil); owner != "" || ok {
				t.Errorf("owner of no bytes is %q, %t", owner, ok)
			}
			if got := r.Owners("key", 3); got != nil {
				t.Errorf("owners are %q", got)
			}
			if got := slices.Collect(r.Walk("key")); got != nil {
				t.Errorf("walk gives %q", got)
			}
			if r.Remove("a") || r.Has("a") || r.Len() != 0 || len(r.Nodes()) != 0 || r.Weight("a") != 0 {
				t.Error("a node is in it")
			}
			if !r.Add("a") || r.Add("a") {
				t.Error("a was not added once")
			}
			if owner, ok := r.Owner("key"); owner != "a" || !ok {
				t.Errorf("owner is %q, %t after a was added", owner, ok)
			}
		})
	}
}

// nodeNames draws a small set of names. Some of them collide in ZStack's ring.
func nodeNames(min, max int) *rapid.Generator[[]string] {
	return rapid.SliceOfNDistinct(rapid.OneOf(
		rapid.SampledFrom([]string{"", "a", "a1", "a10", "Aa", "BB", "10.0.0.1", "10.0.0.11"}),
		rapid.StringMatching(`[a-z]{1,3}-[0-9]{1,2}`),
	), min, max, rapid.ID)
}

// oneGoroutine skips a test that has no concurrency and takes ten times as long under
// the race detector.
func oneGoroutine(t *testing.T) {
	t.Helper()
	if raceEnabled {
		t.Skip("one goroutine only: nothing for the race detector")
	}
}

var keys2000 = hexNames(2000, 7)

// orders returns the whole order of each key.
func orders(r *hashring.Ring, keys []string) [][]string {
	orders := make([][]string, len(keys))
	for i, key := range keys {
		orders[i] = slices.Collect(r.Walk(key))
	}
	return orders
}

// TestOnlyTheOwnKeysMove: in every order, a node that leaves is cut out, a node that
// joins is put in, and the others keep their places. So a leaving node moves only its
// own keys, each to the next node of its order, and a joining node takes only the keys
// that it then owns.
func TestOnlyTheOwnKeysMove(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := nodeNames(1, 9).Draw(t, "nodes")
		keys := keys2000[:100]
		r := hashring.New(hashring.Default, names...)
		for range rapid.IntRange(1, 4).Draw(t, "steps") {
			before := orders(r, keys)
			node := rapid.OneOf(rapid.SampledFrom(names), rapid.StringMatching(`[a-z]{1,2}`)).Draw(t, "node")
			with, without := before, before
			if r.Has(node) {
				r.Remove(node)
				without = orders(r, keys)
			} else {
				r.Add(node)
				with = orders(r, keys)
			}
			for i, key := range keys {
				if cut := slices.DeleteFunc(slices.Clone(with[i]), func(n string) bool { return n == node }); !slices.Equal(cut, without[i]) {
					t.Fatalf("key %q: order %q with %q, %q without", key, with[i], node, without[i])
				}
			}
		}
	})
}

// TestHistoryDoesNotMatter: the placement depends on the set of nodes and their
// weights, and not on the changes that led to them.
func TestHistoryDoesNotMatter(t *testing.T) {
	oneGoroutine(t)
	rapid.Check(t, func(t *rapid.T) {
		names := nodeNames(0, 6).Draw(t, "nodes")
		r := new(hashring.Ring)
		for range rapid.IntRange(0, 6).Draw(t, "steps") {
			node := rapid.StringMatching(`[a-z]{1,2}`).Draw(t, "node")
			switch rapid.IntRange(0, 2).Draw(t, "op") {
			case 0:
				r.Add(node)
			case 1:
				r.Remove(node)
			default:
				if err := r.SetWeight(node, rapid.IntRange(1, 5).Draw(t, "weight")); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, node := range r.Nodes() {
			if !slices.Contains(names, node) {
				r.Remove(node)
			}
		}
		order := rapid.Permutation(names).Draw(t, "order")
		for _, node := range order {
			r.Add(node)
		}
		want := hashring.New(hashring.Default, names...)
		for i := range order {
			// Set the weights in the opposite order; those that r has already stay.
			node := order[len(order)-1-i]
			if err := want.SetWeight(node, r.Weight(node)); err != nil {
				t.Fatal(err)
			}
		}
		if d := hashring.Diff(want, r); d.Share != 0 {
			t.Fatalf("owners differ: %+v", d)
		}
		for _, key := range keys2000[:50] {
			if got, want := slices.Collect(r.Walk(key)), slices.Collect(want.Walk(key)); !slices.Equal(got, want) {
				t.Fatalf("key %q: order %q, want %q", key, got, want)
			}
		}
	})
}

// TestAllLookupsAgree: every form of lookup returns a prefix of the walk, and the walk
// has every node once.
func TestAllLookupsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(placements).Draw(t, "placement")
		names := nodeNames(1, 9).Draw(t, "nodes")
		r := hashring.New(p, names...)
		key := rapid.OneOf(rapid.String(), rapid.StringMatching(`a1?[0-9]{0,3}`)).Draw(t, "key")
		walk := slices.Collect(r.Walk(key))
		if got, want := slices.Sorted(slices.Values(walk)), r.Nodes(); !slices.Equal(got, want) {
			t.Fatalf("the walk has %q, want each of %q once", walk, want)
		}
		if owner, ok := r.Owner(key); !ok || owner != walk[0] {
			t.Errorf("owner is %q, %t, walk %q", owner, ok, walk)
		}
		if owner, ok := r.OwnerBytes([]byte(key)); !ok || owner != walk[0] {
			t.Errorf("owner of bytes is %q, %t, walk %q", owner, ok, walk)
		}
		for n := range len(names) + 2 {
			want := walk[:min(n, len(walk))]
			if got := r.Owners(key, n); !slices.Equal(got, want) {
				t.Errorf("%d owners are %q, want %q", n, got, want)
			}
			if got := r.AppendOwners([]string{"x"}, key, n); !slices.Equal(got[1:], want) || got[0] != "x" {
				t.Errorf("%d appended owners are %q, want x and %q", n, got, want)
			}
		}
		for range r.Walk(key) {
			break // an iteration may end early
		}
	})
}

// TestWeightsMoveOneWay: raising a weight moves keys to that node only.
func TestWeightsMoveOneWay(t *testing.T) {
	oneGoroutine(t)
	rapid.Check(t, func(t *rapid.T) {
		names := nodeNames(2, 5).Draw(t, "nodes")
		node := rapid.SampledFrom(names).Draw(t, "node")
		light, heavy := rapid.IntRange(1, 5).Draw(t, "light"), rapid.IntRange(6, 9).Draw(t, "heavy")
		r := hashring.New(hashring.Default, names...)
		if err := r.SetWeight(node, light); err != nil {
			t.Fatal(err)
		}
		before := r.Clone()
		if err := r.SetWeight(node, heavy); err != nil {
			t.Fatal(err)
		}
		d := hashring.Diff(before, r)
		if d.Share == 0 {
			t.Fatal("nothing moved")
		}
		for _, flow := range d.Flows {
			if flow.To != node {
				t.Fatalf("%+v goes to another node than %q", flow, node)
			}
		}
	})
}

func TestWeightIsAShare(t *testing.T) {
	r := hashring.New(hashring.Default, "one", "two", "five")
	for node, weight := range map[string]int{"two": 2, "five": 5} {
		if err := r.SetWeight(node, weight); err != nil {
			t.Fatal(err)
		}
		if got := r.Weight(node); got != weight {
			t.Errorf("weight of %s is %d, want %d", node, got, weight)
		}
	}
	r.Set("one", "two", "five") // keeps the weights
	for _, flow := range hashring.Diff(new(hashring.Ring), r).Flows {
		if want := float64(r.Weight(flow.To)) / 8; math.Abs(flow.Share-want) > 0.02 {
			t.Errorf("share of %s is %.3f, want about %.3f", flow.To, flow.Share, want)
		}
	}
}

// TestBalance counts 10^6 keys for fixed sets of nodes.
func TestBalance(t *testing.T) {
	oneGoroutine(t)
	for _, c := range []struct {
		nodes int
		limit float64
	}{{3, 1.03}, {16, 1.03}, {128, 1.12}} {
		for _, named := range []string{"uuid", "consecutive"} {
			t.Run(fmt.Sprint(c.nodes, named), func(t *testing.T) {
				nodes := hexNames(c.nodes, 11)
				if named == "consecutive" {
					for i := range nodes {
						nodes[i] = fmt.Sprintf("10.0.0.%d", i+1)
					}
				}
				got := loadRatio(hashring.New(hashring.Default, nodes...), 1_000_000)
				t.Logf("max/mean %.4f", got)
				if got > c.limit {
					t.Errorf("max/mean %.4f, want at most %.2f", got, c.limit)
				}
			})
		}
	}
}

// loadRatio returns the largest load of a node divided by the mean.
func loadRatio(r *hashring.Ring, keys int) float64 {
	load := make(map[string]int)
	rnd := rand.New(rand.NewPCG(5, 5))
	key := make([]byte, 0, 32)
	for range keys {
		key = fmt.Appendf(key[:0], "%016x%016x", rnd.Uint64(), rnd.Uint64())
		owner, _ := r.OwnerBytes(key)
		load[owner]++
	}
	most := 0
	for _, n := range load {
		most = max(most, n)
	}
	return float64(most) * float64(r.Len()) / float64(keys)
}

func TestLookupsDoNotAllocate(t *testing.T) {
	keyBytes := []byte("volume-of-more-than-thirty-two-characters")
	for _, p := range placements {
		r := hashring.New(p, hexNames(16, 1)...)
		buf := make([]string, 0, 3)
		if n := testing.AllocsPerRun(100, func() {
			r.Owner("volume")
			r.OwnerBytes(keyBytes)
			buf = r.AppendOwners(buf[:0], "volume", 3)
			for range r.Walk("volume") {
				break
			}
		}); n != 0 {
			t.Errorf("%v: %v allocations, want none", p, n)
		}
	}
}

// TestReadersBesideAFlappingNode: one node joins and leaves as fast as it can.
// Meanwhile no reader ever sees an empty ring, an owner other than the two possible
// ones, or an order that lacks a node. The management node's own ring fails this.
func TestReadersBesideAFlappingNode(t *testing.T) {
	lookups := 5_000_000
	if testing.Short() || raceEnabled {
		lookups = 500_000
	}
	for _, p := range placements {
		t.Run(p.String(), func(t *testing.T) {
			stable := hexNames(4, 1)
			r := hashring.New(p, stable...)
			without, with := map[string]string{}, map[string]string{}
			keys := keys2000[:512]
			for _, key := range keys {
				without[key], _ = r.Owner(key)
			}
			r.Add("flapping")
			for _, key := range keys {
				with[key], _ = r.Owner(key)
			}
			var (
				bad, flaps atomic.Int64
				stop       atomic.Bool
				readers    sync.WaitGroup
				writer     sync.WaitGroup
			)
			writer.Go(func() {
				for !stop.Load() {
					r.Remove("flapping")
					r.Add("flapping")
					flaps.Add(1)
				}
			})
			for range 2 {
				readers.Go(func() {
					buf := make([]string, 0, 3)
					for i := 0; i < lookups || flaps.Load() < 3; i++ {
						key := keys[i%len(keys)]
						if owner, ok := r.Owner(key); !ok || owner != with[key] && owner != without[key] {
							bad.Add(1)
						}
						if i%64 == 0 {
							if buf = r.AppendOwners(buf[:0], key, 3); len(buf) != 3 || slices.Contains(buf, "") {
								bad.Add(1)
							}
						}
					}
				})
			}
			readers.Wait()
			stop.Store(true)
			writer.Wait()
			if n := bad.Load(); n != 0 {
				t.Errorf("%d wrong answers in %d lookups", n, 2*lookups)
			}
			t.Logf("%d lookups beside %d flaps", 2*lookups, flaps.Load())
		})
	}
}

func TestDiff(t *testing.T) {
	for _, p := range placements {
		t.Run(p.String(), func(t *testing.T) {
			nodes := hexNames(5, 3)
			old := hashring.New(p, nodes[:4]...)
			grown := old.Clone()
			grown.Add(nodes[4])
			d := hashring.Diff(old, grown, keys2000...)
			moved := make(map[string]bool)
			for _, m := range d.Keys {
				moved[m.Key] = true
				from, _ := old.Owner(m.Key)
				to, _ := grown.Owner(m.Key)
				if m.From != from || m.To != to || from == to {
					t.Errorf("%+v, but the owners are %q and %q", m, from, to)
				}
			}
			for _, key := range keys2000 {
				from, _ := old.Owner(key)
				to, _ := grown.Owner(key)
				if (from != to) != moved[key] {
					t.Errorf("key %q goes from %q to %q, reported as moved: %t", key, from, to, moved[key])
				}
			}
			if got := float64(len(d.Keys)) / float64(len(keys2000)); math.Abs(got-d.Share) > 0.04 {
				t.Errorf("share is %.3f, %.3f of the keys move", d.Share, got)
			}
			for _, flow := range d.Flows {
				if flow.To != nodes[4] {
					t.Errorf("%+v does not go to the new node", flow)
				}
			}
			if d := hashring.Diff(old, old, keys2000...); d.Share != 0 || d.Flows != nil || d.Keys != nil {
				t.Errorf("a ring differs from itself: %+v", d)
			}
			if d := hashring.Diff(new(hashring.Ring), old); math.Abs(d.Share-1) > 1e-12 {
				t.Errorf("share from the empty ring is %v, want 1", d.Share)
			}
		})
	}
	a, b := hashring.New(hashring.Default, "x"), hashring.New(hashring.ZStack, "x")
	if d := hashring.Diff(a, b); d.Share != 0 {
		t.Errorf("two placements of one node differ: %+v", d)
	}
}
