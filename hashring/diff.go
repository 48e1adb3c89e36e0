package hashring

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Delta is the difference between the owners of two rings.
type Delta struct {
	// Share is the part of all keys whose owner differs, 0 to 1.
	Share float64
	// Flows splits Share by old and new owner, the largest first.
	Flows []Flow
	// Keys are those of the given keys whose owner differs, in the given order.
	Keys []KeyMove
}

// Flow is the share of all keys that go from one node to another.
type Flow struct {
	From, To string // empty if the ring is empty
	Share    float64
}

// KeyMove is a key that changes its owner.
type KeyMove struct{ Key, From, To string }

// Diff compares the owners of two rings, one snapshot of each. If both have the same
// placement, the share is exact. Under [ZStack] it is a share of hash positions, over
// which short keys spread unevenly. For different placements it is measured over
// 2^16 keys.
func Diff(old, new *Ring, keys ...string) Delta {
	a, b := old.Clone(), new.Clone()
	flows := make(map[Flow]float64)
	count := func(from, to string, share float64) {
		if from != to {
			flows[Flow{From: from, To: to}] += share
		}
	}
	s, t := a.load(), b.load()
	switch {
	case s.circle == nil && t.circle == nil && len(s.names)*len(t.names) > 0:
		for slot := range uint32(slotCount) {
			count(s.names[s.top(slot).first], t.names[t.top(slot).first], 1.0/slotCount)
		}
	case s.circle != nil && t.circle != nil && len(s.circle.points)*len(t.circle.points) > 0:
		diffArcs(s, t, count)
	default:
		const sample = 1 << 16
		for i := range sample {
			key := fmt.Sprintf("%016x%016x", mix(uint64(2*i)), mix(uint64(2*i+1)))
			from, _ := a.Owner(key)
			to, _ := b.Owner(key)
			count(from, to, 1.0/sample)
		}
	}
	d := Delta{Keys: diffKeys(a, b, keys)}
	for flow, share := range flows {
		flow.Share = share
		d.Flows = append(d.Flows, flow)
	}
	slices.SortFunc(d.Flows, func(x, y Flow) int {
		return cmp.Or(-cmp.Compare(x.Share, y.Share), cmp.Compare(x.From, y.From), cmp.Compare(x.To, y.To))
	})
	for _, flow := range d.Flows {
		d.Share += flow.Share
	}
	return d
}

// diffArcs walks both circles at once, from end of arc to end of arc.
func diffArcs(s, t *snapshot, count func(from, to string, share float64)) {
	a, b := s.circle, t.circle
	i, j, start := 0, 0, int64(math.MinInt32)
	for start <= math.MaxInt32 {
		end := int64(min(a.ends[i], b.ends[j]))
		count(s.names[a.tops[i].first], t.names[b.tops[j].first], float64(end-start+1)/(1<<32))
		if int64(a.ends[i]) == end {
			i++
		}
		if int64(b.ends[j]) == end {
			j++
		}
		start = end + 1
	}
}

func diffKeys(a, b *Ring, keys []string) (moves []KeyMove) {
	for _, key := range keys {
		from, fromOK := a.Owner(key)
		to, toOK := b.Owner(key)
		if from != to || fromOK != toOK {
			moves = append(moves, KeyMove{key, from, to})
		}
	}
	return moves
}
