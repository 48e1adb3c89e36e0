package mds

// rank says how willingly the node is asked: the least rank first.
func (n *node) rank() int {
	rank := 0
	if n.disconnected.Load() {
		rank = 4
	}
	if n.breaker.clean.Load() {
		return rank
	}
	switch n.breaker.state() {
	case BreakerClosed: // and it failed just before
		return rank + 1
	case BreakerHalfOpen:
		return rank + 2
	default:
		return rank + 3
	}
}

// best returns the index of the node that is asked most willingly: the one of
// least rank; of those that are well the first in order that has a connection
// free, or the one with the least to do; of those that have failed the one that
// was asked longest ago, so that one which is back is found although only one is
// asked.
func best(nodes []*node) int {
	found, least := 0, nodes[0].rank()
	if least == 0 && nodes[0].free() {
		return 0
	}
	for i, n := range nodes[1:] {
		rank := n.rank()
		if rank < least || rank == least && n.before(nodes[found], rank) {
			found, least = i+1, rank
		}
	}
	return found
}

func (n *node) before(other *node, rank int) bool {
	switch {
	case rank > 0:
		return n.tried.Load() < other.tried.Load()
	case n.free() || other.free():
		return n.free() && !other.free()
	default:
		return n.inFlight.Load() < other.inFlight.Load()
	}
}
