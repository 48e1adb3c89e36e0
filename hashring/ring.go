package hashring

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

const (
	// MaxNodes is how many nodes a [Ring] takes.
	MaxNodes = absent

	// MaxWeight is the largest weight that [Ring.SetWeight] takes.
	MaxWeight = 100
)

// ErrWeight is matched by the error of [Ring.SetWeight] for a weight outside 1 to
// [MaxWeight], and for any weight but 1 under the [ZStack] placement.
var ErrWeight = errors.New("weight not possible")

// Ring maps keys to nodes. The zero value is an empty ring of the [Default]
// placement, ready for use. A Ring must not be copied after its first use.
//
// All methods may be called concurrently. Readers take no lock. They see one
// immutable snapshot, from before or after a change, never from between. Writers wait
// for each other and publish a new snapshot.
type Ring struct {
	placement Placement
	replicas  int // of ZStack; the test vectors also use other numbers than 500

	mu   sync.Mutex // serialises writers
	snap atomic.Pointer[snapshot]
}

// snapshot is one state of a ring. Its answers never change once it is published.
type snapshot struct {
	names   []string                  // by the index that the tables use
	contest *contest                  // Default
	slots   atomic.Pointer[slotTable] // nil in a small contest that was asked little
	few     atomic.Uint32             // lookups without slots
	circle  *circle                   // ZStack
}

var emptySnapshot = &snapshot{contest: new(contest)}

// New returns a ring of the given nodes, each with weight 1. A name that is given
// twice counts once. Names beyond [MaxNodes] are ignored.
func New(placement Placement, nodes ...string) *Ring {
	r := &Ring{placement: placement, replicas: zstackReplicas}
	r.Set(nodes...)
	return r
}

// Clone returns an independent ring in the same state. Use it, for instance, to try a
// change and compare the rings by [Diff].
func (r *Ring) Clone() *Ring {
	c := &Ring{placement: r.placement, replicas: r.replicas}
	c.snap.Store(r.snap.Load())
	return c
}

// Placement returns the placement of the ring.
func (r *Ring) Placement() Placement { return r.placement }

// Add adds a node with weight 1 and reports whether it is new. A node that is
// present keeps its weight. Under [ZStack] it also takes back the positions that other
// nodes took from it, as in ZStack. A full ring (see [MaxNodes]) does not change.
func (r *Ring) Add(node string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.load()
	i := slices.Index(s.names, node)
	if i < 0 && len(s.names) == MaxNodes {
		return false
	}
	switch {
	case r.placement == ZStack:
		r.snap.Store(r.circleWith(s, node, i))
	case i < 0:
		r.snap.Store(s.slotsWith(node, 1))
	}
	return i < 0
}

// addAll adds nodes that are not members yet, in one step for all readers.
func (r *Ring) addAll(nodes []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.load()
	nodes = nodes[:min(len(nodes), MaxNodes-len(s.names))]
	switch {
	case len(nodes) == 0:
	case r.placement == ZStack:
		names := slices.Concat(s.names, nodes)
		r.snap.Store(&snapshot{names: names, circle: r.circleOf(s).with(names, len(s.names))})
	case len(nodes) < 8: // about where building anew becomes cheaper
		for _, node := range nodes {
			s = s.slotsWith(node, 1)
		}
		r.snap.Store(s)
	default:
		names := slices.Sorted(slices.Values(slices.Concat(s.names, nodes)))
		r.snap.Store(newSlots(newContest(names, s.weight)))
	}
}

// Remove removes a node and reports whether it was a member. Under [ZStack] it frees
// the positions of that name even if the node is no member.
func (r *Ring) Remove(node string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.load()
	i := slices.Index(s.names, node)
	switch {
	case r.placement == ZStack:
		r.snap.Store(r.circleWithout(s, node, i))
	case i >= 0:
		r.snap.Store(s.slotsWithout(i))
	}
	return i >= 0
}

// Set makes the given nodes the members, in one step for all readers. A node that
// stays keeps its weight, and a new node has weight 1. Under [ZStack] the ring then
// answers like a new ring to which the nodes were added in the given order.
func (r *Ring) Set(nodes ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	names := make([]string, 0, len(nodes))
	known := make(map[string]bool, len(nodes))
	for _, node := range nodes {
		if !known[node] && len(names) < MaxNodes {
			known[node] = true
			names = append(names, node)
		}
	}
	if r.placement == ZStack {
		r.snap.Store(r.newCircle(names, nodes))
		return
	}
	slices.Sort(names)
	r.snap.Store(newSlots(newContest(names, r.load().weight)))
}

// SetWeight gives a node a share of the keys in proportion to weight. A node that is
// no member is added. A higher weight only moves keys to the node, a lower weight
// only moves keys away from it. A change of the ring takes time in proportion to the
// sum of all weights; a lookup does not. The error matches [ErrWeight].
func (r *Ring) SetWeight(node string, weight int) error {
	if weight < 1 || weight > MaxWeight {
		return fmt.Errorf("%w: %d for node %q, want 1 to %d", ErrWeight, weight, node, MaxWeight)
	}
	if r.placement == ZStack {
		if weight != 1 {
			return fmt.Errorf("%w: %d for node %q, all nodes of placement zstack weigh 1", ErrWeight, weight, node)
		}
		if !r.member(node) {
			r.Add(node)
		}
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.load()
	if i := slices.Index(s.names, node); i >= 0 {
		if s.contest.weight(node) == weight {
			return nil
		}
		s = s.slotsWithout(i)
	}
	if len(s.names) < MaxNodes {
		r.snap.Store(s.slotsWith(node, weight))
	}
	return nil
}

func (r *Ring) load() *snapshot {
	if s := r.snap.Load(); s != nil {
		return s
	}
	return emptySnapshot
}

func (r *Ring) member(node string) bool { return slices.Contains(r.load().names, node) }

func newSlots(c *contest) *snapshot {
	if c.small() {
		return &snapshot{names: c.names, contest: c}
	}
	return tabled(c, buildSlots(c))
}

func tabled(c *contest, t *slotTable) *snapshot {
	s := &snapshot{names: c.names, contest: c}
	s.slots.Store(t)
	return s
}

func (s *snapshot) slotsWith(node string, weight int) *snapshot {
	i, _ := slices.BinarySearch(s.names, node)
	c := s.contest.with(i, node, weight)
	t := s.slots.Load()
	if len(s.names) < ranked || t == nil {
		return newSlots(c)
	}
	return tabled(c, t.with(c, i))
}

func (s *snapshot) slotsWithout(i int) *snapshot {
	c := s.contest.without(i)
	if len(c.names) < ranked || c.small() {
		return newSlots(c)
	}
	return tabled(c, s.slots.Load().without(s.contest, i))
}

// newCircle adds the nodes in order; names has every node of nodes once.
func (r *Ring) newCircle(names, nodes []string) *snapshot {
	c := newCircle(r.replicas).with(names, 0)
	if len(nodes) > len(names) {
		// A repeated name takes its positions back, one add after the other.
		c = newCircle(r.replicas)
		for _, node := range nodes {
			if i := slices.Index(names, node); i >= 0 {
				c = c.with(names[:i+1], i)
			}
		}
	}
	return &snapshot{names: names, circle: c}
}

func (r *Ring) circleOf(s *snapshot) *circle {
	if s.circle != nil {
		return s.circle
	}
	return newCircle(r.replicas)
}

func (r *Ring) circleWith(s *snapshot, node string, i int) *snapshot {
	names := s.names
	if i < 0 {
		i = len(names)
		names = append(slices.Clone(names), node)
	}
	return &snapshot{names: names, circle: r.circleOf(s).with(names[:i+1], i)}
}

func (r *Ring) circleWithout(s *snapshot, node string, i int) *snapshot {
	if s.circle == nil {
		return s
	}
	if i < 0 {
		return &snapshot{names: s.names, circle: s.circle.without(node, 0, -1)}
	}
	return &snapshot{names: moveLast(s.names, i), circle: s.circle.without(node, i, len(s.names)-1)}
}

// moveLast returns s without element i. The last element takes its place, so no other
// index changes.
func moveLast(s []string, i int) []string {
	last := len(s) - 1
	n := slices.Clone(s[:last])
	if i < last {
		n[i] = s[last]
	}
	return n
}
