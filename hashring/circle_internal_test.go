package hashring

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestCircleAgainstItsPoints compares the arcs and buckets, which every lookup uses,
// with the plain rule: the first point at or after a position, with a wrap at the end.
// Few positions per node make wraps frequent; many similar names crowd the buckets.
func TestCircleAgainstItsPoints(t *testing.T) {
	for _, c := range []struct{ replicas, nodes int }{{1, 1}, {1, 2}, {1, 6}, {2, 5}, {12, 17}, {500, 5}, {500, 60}} {
		t.Run(fmt.Sprintf("%d nodes of %d", c.nodes, c.replicas), func(t *testing.T) {
			var names []string
			for i := range c.nodes {
				names = append(names, fmt.Sprintf("10.0.0.%d", i))
			}
			s := newZStack(c.replicas, names...).load()
			positions := []int32{math.MinInt32, math.MaxInt32, 0, -1}
			rnd := rand.New(rand.NewPCG(1, 1))
			for range 200 {
				p := s.circle.points[rnd.IntN(len(s.circle.points))].pos
				positions = append(positions, p-1, p, p+1, int32(rnd.Uint32()))
			}
			for _, pos := range positions {
				want := plainOrder(s, pos)
				if got := s.circle.order(s.names, pos); !slices.Equal(got, want) {
					t.Fatalf("order at %d is %v, want %v", pos, got, want)
				}
				want = append(want, absent, absent)[:ranked]
				if top := s.top(uint32(pos)); !slices.Equal([]uint16{top.first, top.second, top.third}, want) {
					t.Fatalf("top at %d is %v, want %v", pos, top, want)
				}
				if got := s.circle.owners[bucketOf(pos)]; got != absent && got != want[0] {
					t.Fatalf("owner of the bucket of %d is %d, want %d", pos, got, want[0])
				}
			}
		})
	}
}

func plainOrder(s *snapshot, pos int32) (order []uint16) {
	points := s.circle.points
	start, _ := slices.BinarySearchFunc(points, pos, func(p point, pos int32) int {
		return int(int64(p.pos) - int64(pos))
	})
	for i := range points {
		if node := points[(start+i)%len(points)].node; !slices.Contains(order, node) {
			order = append(order, node)
		}
	}
	return order
}
