package hashring

import (
	"cmp"
	"math"
	"slices"
)

const (
	// zstackReplicas is how many positions ZStack gives each node.
	zstackReplicas = 500

	// bucketBits sets how finely a circle is indexed. Positions of one node lie in
	// about three dense clusters, so that even with 1,000 nodes 19 of 20 buckets
	// belong to one owner; 65,536 entries are 256 KiB.
	bucketBits = 16
	shared     = 1 << 31
)

// point is one position of the circle and the node that holds it.
type point struct {
	pos  int32
	node uint16
}

// circle is ZStack's ring. A circle is never changed once a snapshot holds it.
//
// Neighbouring positions of one node are joined to an arc. The node owns all
// positions after the end of the arc before, up to and including the end of its own
// arc. The last arc ends at the highest possible position and repeats the first one,
// so no arc wraps around.
type circle struct {
	replicas int
	points   []point // by position, as signed numbers
	ends     []int32
	tops     []ranking // of each arc: its node and the next two distinct ones

	// owners has for each bucket the node that owns all of it, or absent if several
	// nodes share it. It is stored apart because most lookups need only the owner.
	owners *[1 << bucketBits]uint16

	// buckets has for each bucket the first arc that owns a part of it, marked as
	// shared if the arc does not own all of it.
	buckets *[1 << bucketBits]uint32
}

func newCircle(replicas int) *circle { return &circle{replicas: replicas} }

// find returns the arc of a position. The circle must have points.
func (c *circle) find(pos int32) uint32 {
	if arc := c.buckets[bucketOf(pos)]; arc < shared {
		return arc
	}
	return c.search(pos)
}

// search finds the arc of a position in a bucket that several arcs share, most often
// two or three.
func (c *circle) search(pos int32) uint32 {
	arc := c.buckets[bucketOf(pos)] - shared
	for range 4 {
		if c.ends[arc] >= pos {
			return arc
		}
		arc++
	}
	last := uint32(len(c.ends))
	if b := bucketOf(pos) + 1; b < uint32(len(c.buckets)) {
		last = c.buckets[b]&^shared + 1
	}
	i, _ := slices.BinarySearch(c.ends[arc:last], pos)
	return arc + uint32(i)
}

// bucketOf flips the sign bit, so that signed positions number buckets in order.
func bucketOf(pos int32) uint32 { return (uint32(pos) ^ 1<<31) >> (32 - bucketBits) }

// with returns the circle after the nodes names[first:] were added in order. Of two
// nodes that claim a position, the one added last holds it.
func (c *circle) with(names []string, first int) *circle {
	fresh := make([]point, 0, (len(names)-first)*c.replicas)
	for i, name := range names[first:] {
		for _, pos := range zstackPositions(name, c.replicas) {
			fresh = append(fresh, point{pos, uint16(first + i)})
		}
	}
	return c.withPoints(fresh)
}

// withPoints merges fresh points into the circle; of equal positions the last wins.
func (c *circle) withPoints(fresh []point) *circle {
	slices.SortStableFunc(fresh, func(a, b point) int { return cmp.Compare(a.pos, b.pos) })
	merged := make([]point, 0, len(c.points)+len(fresh))
	put := func(p point) {
		if n := len(merged); n > 0 && merged[n-1].pos == p.pos {
			merged[n-1] = p
			return
		}
		merged = append(merged, p)
	}
	old := c.points
	for _, p := range fresh {
		for len(old) > 0 && old[0].pos <= p.pos {
			put(old[0])
			old = old[1:]
		}
		put(p)
	}
	for _, p := range old {
		put(p)
	}
	return (&circle{replicas: c.replicas, points: merged}).index()
}

// without returns the circle after a remove of name. It frees the positions of that
// name, no matter which node holds them. Points of the node with index moved get
// index i.
func (c *circle) without(name string, i, moved int) *circle {
	positions := zstackPositions(name, c.replicas)
	slices.Sort(positions)
	left := make([]point, 0, len(c.points))
	for _, p := range c.points {
		for len(positions) > 0 && positions[0] < p.pos {
			positions = positions[1:]
		}
		if len(positions) > 0 && positions[0] == p.pos {
			continue
		}
		if int(p.node) == moved {
			p.node = uint16(i)
		}
		left = append(left, p)
	}
	return (&circle{replicas: c.replicas, points: left}).index()
}

// index joins the points to arcs and fills the buckets.
func (c *circle) index() *circle {
	if len(c.points) == 0 {
		return c
	}
	for i, p := range c.points {
		if i+1 < len(c.points) && c.points[i+1].node == p.node {
			continue
		}
		c.ends = append(c.ends, p.pos)
		c.tops = append(c.tops, ranking{p.node, absent, absent})
	}
	// The nodes that follow come from the next arc. The first pass starts at the end
	// and does not know yet what follows beyond the wrap; the second pass knows it.
	for range 2 {
		next := c.tops[0]
		for i := len(c.tops) - 1; i >= 0; i-- {
			c.tops[i] = follow(c.tops[i].first, next)
			next = c.tops[i]
		}
	}
	c.ends = append(c.ends, math.MaxInt32)
	c.tops = append(c.tops, c.tops[0])

	c.owners, c.buckets = new([1 << bucketBits]uint16), new([1 << bucketBits]uint32)
	arc := 0
	for b := range c.buckets {
		start := int64(math.MinInt32) + int64(b)<<(32-bucketBits)
		end := start + 1<<(32-bucketBits) - 1
		for int64(c.ends[arc]) < start {
			arc++
		}
		c.owners[b], c.buckets[b] = c.tops[arc].first, uint32(arc)
		if int64(c.ends[arc]) < end {
			c.owners[b], c.buckets[b] = absent, shared|uint32(arc)
		}
	}
	return c
}

// follow puts node in front of the order next, and removes node from the rest.
func follow(node uint16, next ranking) ranking {
	switch node {
	case next.first:
		return next
	case next.second:
		return ranking{node, next.first, next.third}
	}
	return ranking{node, next.first, next.second}
}

// order lists all nodes by their first arc after a position. Nodes that lost all
// their positions to others come last, by name.
func (c *circle) order(names []string, pos int32) []uint16 {
	order := make([]uint16, 0, len(names))
	seen := make([]bool, len(names))
	visit := func(node uint16) {
		if !seen[node] {
			seen[node] = true
			order = append(order, node)
		}
	}
	if len(c.points) > 0 {
		start := int(c.find(pos))
		for i := 0; i < len(c.tops) && len(order) < len(names); i++ {
			visit(c.tops[(start+i)%len(c.tops)].first)
		}
	}
	held := len(order)
	for i := range names {
		visit(uint16(i))
	}
	slices.SortFunc(order[held:], func(a, b uint16) int { return cmp.Compare(names[a], names[b]) })
	return order
}

// has reports whether any position of name is taken, no matter by which node.
func (c *circle) has(name string) bool {
	return slices.ContainsFunc(zstackPositions(name, c.replicas), func(pos int32) bool {
		_, found := slices.BinarySearchFunc(c.points, pos, func(p point, pos int32) int {
			return cmp.Compare(p.pos, pos)
		})
		return found
	})
}
