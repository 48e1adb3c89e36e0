package hashring

import "slices"

// contest is the set of nodes that compete for each slot by rendezvous hashing. Every
// node bids for a slot with a hash of both, and the highest bid wins. A bid depends
// on nothing else, so a node that joins or leaves changes no order among the others.
// A node of weight w bids w times and counts with its best bid.
//
// Nodes are indexed in the order of their names, not in the order of joining. A
// contest is never changed once a snapshot holds it.
type contest struct {
	names []string
	seeds []uint64   // of each node's first bid
	more  [][]uint64 // of its further bids; nil if all weights are 1
}

// newContest takes names that are sorted and unique.
func newContest(names []string, weight func(string) int) *contest {
	c := &contest{names: names, seeds: make([]uint64, len(names))}
	for i, name := range names {
		c.seeds[i] = keyHash(name, 0)
		if w := weight(name); w > 1 {
			if c.more == nil {
				c.more = make([][]uint64, len(names))
			}
			c.more[i] = moreSeeds(c.seeds[i], w)
		}
	}
	return c
}

func moreSeeds(seed uint64, weight int) []uint64 {
	seeds := make([]uint64, weight-1)
	for i := range seeds {
		seeds[i] = mix(seed + uint64(i+1)*golden)
	}
	return seeds
}

// small reports whether the nodes of a slot are ranked in nanoseconds without a table.
func (c *contest) small() bool { return len(c.names) <= ranked && c.more == nil }

// with returns the contest in which a node of that name has index i.
func (c *contest) with(i int, name string, weight int) *contest {
	weightOf := func(n string) int {
		if n == name {
			return weight
		}
		return c.weight(n)
	}
	return newContest(slices.Insert(slices.Clone(c.names), i, name), weightOf)
}

// without returns the contest that node i has left.
func (c *contest) without(i int) *contest {
	return newContest(slices.Delete(slices.Clone(c.names), i, i+1), c.weight)
}

// weight returns the weight of a node, and 0 for a node that does not compete.
func (c *contest) weight(name string) int {
	i, found := slices.BinarySearch(c.names, name)
	switch {
	case !found:
		return 0
	case c.more == nil:
		return 1
	}
	return 1 + len(c.more[i])
}

const golden = 0x9e3779b97f4a7c15 // 2^64 divided by the golden ratio

// slotHash is the slot's part of a bid. All its bits differ from slot to slot.
func slotHash(slot uint32) uint64 { return mix(uint64(slot) + golden) }

// mix is the finaliser of SplitMix64 (Steele, Lea and Flood 2014, variant 13).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// draw hashes a node's seed and a slot's hash.
func draw(seed, slotHash uint64) uint64 { return mum(seed^slotHash, slotHash^golden) }

// named puts a node's index into the low bits of a bid. So no two bids are equal, and
// of two equal draws the node with the smaller name wins in every ring.
func named(draw uint64, i int) uint64 { return draw&^0xffff | 0xffff ^ uint64(i) }

// bidder is the index of the node that made a bid.
func bidder(bid uint64) uint16 { return ^uint16(bid) }

// bid returns the bid of node i for a slot. The loops over all nodes inline it by
// hand, because a call costs more than the hash.
func (c *contest) bid(i uint16, slotHash uint64) uint64 {
	d := draw(c.seeds[i], slotHash)
	if c.more != nil {
		d = c.raise(d, int(i), slotHash)
	}
	return named(d, int(i))
}

// raise returns the best of a node's first draw d and its further ones.
func (c *contest) raise(d uint64, i int, slotHash uint64) uint64 {
	for _, seed := range c.more[i] {
		d = max(d, draw(seed, slotHash))
	}
	return d
}

// top ranks the first three of all nodes for a slot.
func (c *contest) top(slotHash uint64) ranking {
	var first, second, third uint64 // 0 is no node's bid and stands for absent
	for i, seed := range c.seeds {
		d := draw(seed, slotHash)
		if c.more != nil {
			d = c.raise(d, i, slotHash)
		}
		if b := named(d, i); b > third {
			first, second, third = insert(b, first, second, third)
		}
	}
	return ranking{bidder(first), bidder(second), bidder(third)}
}

// insert ranks a bid among the best three. It compiles to conditional moves, because
// branches on the outcome would be mispredicted.
func insert(b, first, second, third uint64) (uint64, uint64, uint64) {
	lower := min(b, first)
	return max(b, first), max(lower, second), max(min(lower, second), third)
}

// join returns the first three after node i has joined the others.
func (c *contest) join(i int, slotHash uint64, top ranking) ranking {
	var b, third uint64
	if c.more == nil {
		b, third = named(draw(c.seeds[i], slotHash), i), named(draw(c.seeds[top.third], slotHash), int(top.third))
	} else {
		b, third = c.bid(uint16(i), slotHash), c.bid(top.third, slotHash)
	}
	if b < third {
		return top
	}
	first, second, third := insert(b, c.bid(top.first, slotHash), c.bid(top.second, slotHash), third)
	return ranking{bidder(first), bidder(second), bidder(third)}
}

// leave returns the first three after node gone has left; first and second are the
// two that remain of the three. The new third is the best bid below all their bids.
func (c *contest) leave(gone int, slotHash uint64, first, second uint16) ranking {
	bound := min(c.bid(uint16(gone), slotHash), c.bid(first, slotHash), c.bid(second, slotHash))
	var best uint64
	for i, seed := range c.seeds {
		d := draw(seed, slotHash)
		if c.more != nil {
			d = c.raise(d, i, slotHash)
		}
		b := named(d, i)
		if b >= bound {
			b = 0
		}
		best = max(best, b)
	}
	return ranking{first, second, bidder(best)}
}

// order ranks all nodes for a slot.
func (c *contest) order(slotHash uint64) []uint16 {
	bids := make([]uint64, len(c.seeds))
	for i := range bids {
		bids[i] = c.bid(uint16(i), slotHash)
	}
	slices.Sort(bids)
	order := make([]uint16, len(bids))
	for i, b := range bids {
		order[len(bids)-1-i] = bidder(b)
	}
	return order
}
