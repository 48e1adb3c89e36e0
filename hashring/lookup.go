package hashring

import (
	"iter"
	"slices"
	"unsafe"
)

// Owner returns the node that owns key, or false if the ring is empty.
func (r *Ring) Owner(key string) (string, bool) {
	s := r.load()
	if t := s.slots.Load(); t != nil {
		return s.names[t.owner[slotOf(keyHash(key, 0))]], true
	}
	switch {
	case s.circle != nil && s.circle.owners != nil:
		pos := zstackHash(key)
		if node := s.circle.owners[bucketOf(pos)]; node != absent {
			return s.names[node], true
		}
		return s.names[s.circle.tops[s.circle.search(pos)].first], true
	case s.circle == nil && len(s.names) > 0:
		return s.names[s.rank(slotOf(keyHash(key, 0))).first], true
	}
	return "", false
}

// OwnerBytes is [Ring.Owner] for a key in bytes. It makes no copy of key.
func (r *Ring) OwnerBytes(key []byte) (string, bool) {
	// The string lives no longer than this call, and no lookup keeps its key.
	return r.Owner(unsafe.String(unsafe.SliceData(key), len(key)))
}

// Owners returns the first n nodes of key's order, the owner first. It returns fewer
// if the ring has fewer, and nil if the ring is empty.
func (r *Ring) Owners(key string, n int) []string {
	if n = min(n, r.Len()); n <= 0 {
		return nil
	}
	return r.AppendOwners(make([]string, 0, n), key, n)
}

// AppendOwners appends to dst what [Ring.Owners] returns. It allocates nothing if
// dst has room and n is at most three.
func (r *Ring) AppendOwners(dst []string, key string, n int) []string {
	s := r.load()
	if n = min(n, len(s.names)); n <= 0 {
		return dst
	}
	at := s.locate(key)
	top := s.top(at)
	if n > ranked || n > 0 && top.last(n) == absent {
		for _, node := range s.order(at)[:n] {
			dst = append(dst, s.names[node])
		}
		return dst
	}
	switch n {
	case 1:
		return append(dst, s.names[top.first])
	case 2:
		return append(dst, s.names[top.first], s.names[top.second])
	}
	return append(dst, s.names[top.first], s.names[top.second], s.names[top.third])
}

// Walk yields all nodes in key's order, each once: the owner, then the node that would
// own key if the owner left, and so on. An iteration sees one snapshot of the ring,
// even if the ring changes meanwhile.
func (r *Ring) Walk(key string) iter.Seq[string] {
	return func(yield func(string) bool) { r.load().walk(key, yield) }
}

func (s *snapshot) walk(key string, yield func(string) bool) {
	if len(s.names) == 0 {
		return
	}
	at := s.locate(key)
	top := s.top(at)
	for done, node := range [...]uint16{top.first, top.second, top.third} {
		if node == absent {
			s.walkRest(at, done, yield)
			return
		}
		if !yield(s.names[node]) {
			return
		}
	}
	s.walkRest(at, ranked, yield)
}

// walkRest yields the nodes of the order after the first ones. Ranking all nodes costs
// a sort or a turn around the circle, so it is done only for more than three nodes.
func (s *snapshot) walkRest(at uint32, done int, yield func(string) bool) {
	if done >= len(s.names) {
		return
	}
	for _, node := range s.order(at)[done:] {
		if !yield(s.names[node]) {
			return
		}
	}
}

// Nodes returns the members, sorted by name, in a slice that belongs to the caller.
func (r *Ring) Nodes() []string { return slices.Sorted(slices.Values(r.load().names)) }

// Len returns the number of members.
func (r *Ring) Len() int { return len(r.load().names) }

// Has reports whether node is a member. Under [ZStack] it answers like hasNode of
// ZStack's ring: it reports whether any position of that name is taken, even by
// another node. So it is also true for some names that were never added. Use
// [Ring.Weight] to test membership.
func (r *Ring) Has(node string) bool {
	s := r.load()
	if s.circle != nil {
		return s.circle.has(node)
	}
	return slices.Contains(s.names, node)
}

// Weight returns the weight of a member, and 0 for a node that is not a member.
func (r *Ring) Weight(node string) int {
	s := r.load()
	switch {
	case s.circle == nil:
		return s.contest.weight(node)
	case slices.Contains(s.names, node):
		return 1
	}
	return 0
}

// weight is the weight that node has, or would have if it joined.
func (s *snapshot) weight(node string) int {
	return max(1, s.contest.weight(node))
}

// locate hashes a key to its slot or position.
func (s *snapshot) locate(key string) uint32 {
	if s.circle == nil {
		return slotOf(keyHash(key, 0))
	}
	return uint32(zstackHash(key))
}

// top returns the first three nodes at a slot or position, with absent for ranks that
// no node holds.
func (s *snapshot) top(at uint32) ranking {
	switch {
	case s.circle == nil:
		return s.rank(at)
	case len(s.circle.points) > 0:
		return s.circle.tops[s.circle.find(int32(at))]
	}
	return none
}

// rank returns the first three nodes of a slot. A ring of few nodes gets its table when
// it is asked often: to build it takes milliseconds, which is more than all else that a
// program does which asks once.
func (s *snapshot) rank(slot uint32) ranking {
	if t := s.slots.Load(); t != nil {
		return t.get(slot)
	}
	if s.few.Add(1) == tablePays {
		s.slots.Store(buildSlots(s.contest))
	}
	return s.contest.top(slotHash(slot))
}

// order returns all nodes in the order of a slot or position.
func (s *snapshot) order(at uint32) []uint16 {
	if s.circle == nil {
		return s.contest.order(slotHash(at))
	}
	return s.circle.order(s.names, int32(at))
}
