package hashring

const (
	// slotBits sets the size of the slot table. The standard deviation of a node's
	// share is sqrt(nodes/slots): at 2^18 slots 0.8 % for 16 nodes and 2.2 % for
	// 128. The owners then fill 512 KiB, which stays in the second-level cache.
	slotBits  = 18
	slotCount = 1 << slotBits

	// ranked is how many nodes of each slot's order are kept ready in the table.
	ranked = 3

	// tablePays is after how many lookups a ring of few nodes gets a table.
	tablePays = 1024

	// absent marks a rank that no node holds because there are too few nodes.
	absent = 0xffff
)

// ranking is the beginning of an order of nodes, by their index. It is a struct and
// not an array, because the compiler keeps the fields of a struct in registers.
type ranking struct{ first, second, third uint16 }

// last returns the last of the first n nodes, n being 1 to 3.
func (r ranking) last(n int) uint16 {
	switch n {
	case 1:
		return r.first
	case 2:
		return r.second
	}
	return r.third
}

// none is the ranking of an empty ring.
var none = ranking{absent, absent, absent}

// slotTable holds the first three nodes of every slot's order. The owners are stored
// apart from the nodes that follow, because most lookups need only the owner. A table
// is never changed once a snapshot holds it.
type slotTable struct {
	owner [slotCount]uint16
	next  [slotCount]struct{ second, third uint16 }
}

// slotOf picks the slot of a key's hash.
func slotOf(hash uint64) uint32 { return uint32(hash >> (64 - slotBits)) }

func (t *slotTable) get(slot uint32) ranking {
	next := &t.next[slot]
	return ranking{t.owner[slot], next.second, next.third}
}

func (t *slotTable) put(slot uint32, top ranking) {
	next := &t.next[slot]
	t.owner[slot], next.second, next.third = top.first, top.second, top.third
}

// buildSlots ranks all nodes for every slot.
func buildSlots(c *contest) *slotTable {
	t := new(slotTable)
	for slot := range uint32(slotCount) {
		t.put(slot, c.top(slotHash(slot)))
	}
	return t
}

// with returns the table after node i of c has joined. The others are in t with the
// index that they had before, and there must be at least three of them. Only slots
// where the new node ranks among the first three change.
func (t *slotTable) with(c *contest, i int) *slotTable {
	n := new(slotTable)
	for slot := range uint32(slotCount) {
		top := t.get(slot)
		hash := slotHash(slot)
		n.put(slot, c.join(i, hash, ranking{
			indexAfterJoin(top.first, i), indexAfterJoin(top.second, i), indexAfterJoin(top.third, i),
		}))
	}
	return n
}

// indexAfterJoin is the index of node n after another node joined at index i: one
// more for n >= i. It uses arithmetic, because a branch would be mispredicted.
func indexAfterJoin(n uint16, i int) uint16 { return n + uint16((uint32(i)-1-uint32(n))>>31) }

// indexAfterLeave is the index of node n after the node at index i has left.
func indexAfterLeave(n uint16, i int) uint16 { return n - uint16((uint32(i)-uint32(n))>>31) }

// without returns the table after node i of c has left. At least three others must
// remain. Only slots in which the node was ranked change.
func (t *slotTable) without(c *contest, i int) *slotTable {
	n := new(slotTable)
	gone := uint16(i)
	for slot := range uint32(slotCount) {
		top := t.get(slot)
		switch gone {
		case top.first:
			top = c.leave(i, slotHash(slot), top.second, top.third)
		case top.second:
			top = c.leave(i, slotHash(slot), top.first, top.third)
		case top.third:
			top = c.leave(i, slotHash(slot), top.first, top.second)
		}
		n.put(slot, ranking{
			indexAfterLeave(top.first, i), indexAfterLeave(top.second, i), indexAfterLeave(top.third, i),
		})
	}
	return n
}
