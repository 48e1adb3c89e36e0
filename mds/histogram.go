package mds

import (
	"math/bits"
	"slices"
	"sync/atomic"
	"time"
)

// The buckets of a Histogram: eight to each doubling, from 1 µs to some two
// minutes, so that a quantile is off by at most an eighth.
const (
	subBuckets  = 8
	buckets     = 25 * subBuckets
	longestTime = 1<<27*time.Microsecond - 1
)

// Histogram counts durations by size. It is a copy; the zero Histogram is
// empty.
type Histogram struct {
	Count uint64
	Sum   time.Duration

	counts []uint64 // by bucket
}

// Quantile returns a duration that the share q of those counted does not
// exceed, up to an eighth too much. q is between 0 and 1; an empty Histogram
// answers 0.
func (h Histogram) Quantile(q float64) time.Duration {
	rank := uint64(min(max(q, 0), 1) * float64(h.Count))
	var seen uint64
	for i, n := range h.counts {
		if seen += n; n > 0 && (seen > rank || seen == h.Count) {
			return bucketEnd(i)
		}
	}
	return 0
}

// AtMost returns how many durations did not exceed d: exactly for powers of two
// of a microsecond, and for others the count of the next bucket below.
func (h Histogram) AtMost(d time.Duration) uint64 {
	var seen uint64
	for i, n := range h.counts {
		if bucketEnd(i) > d {
			break
		}
		seen += n
	}
	return seen
}

func (h Histogram) plus(other Histogram) Histogram {
	sum := Histogram{Count: h.Count + other.Count, Sum: h.Sum + other.Sum, counts: slices.Clone(h.counts)}
	if sum.counts == nil {
		sum.counts = make([]uint64, buckets)
	}
	for i, n := range other.counts {
		sum.counts[i] += n
	}
	return sum
}

// bucketOf returns the bucket of d. A bucket begins behind the end of the one
// before, and both ends of a doubling are ends of buckets.
func bucketOf(d time.Duration) int {
	if d <= time.Microsecond {
		return 0
	}
	us := uint64((min(d, longestTime) - 1) / time.Microsecond)
	if us < subBuckets {
		return int(us)
	}
	shift := bits.Len64(us) - bits.Len64(subBuckets)
	return (shift+1)*subBuckets + int(us>>shift)&(subBuckets-1)
}

// bucketEnd returns the longest duration of the bucket.
func bucketEnd(i int) time.Duration {
	if i < subBuckets {
		return time.Duration(i+1) * time.Microsecond
	}
	shift := i/subBuckets - 1
	return time.Duration(subBuckets+i%subBuckets+1) << shift * time.Microsecond
}

// liveHistogram is a Histogram that is being filled. It is safe for concurrent
// use; its zero value is empty.
type liveHistogram struct {
	sum    atomic.Int64 // nanoseconds
	counts [buckets]atomic.Uint64
}

func (h *liveHistogram) observe(d time.Duration) {
	h.sum.Add(int64(d))
	h.counts[bucketOf(d)].Add(1)
}

func (h *liveHistogram) snapshot() Histogram {
	s := Histogram{Sum: time.Duration(h.sum.Load()), counts: make([]uint64, buckets)}
	for i := range h.counts {
		s.counts[i] = h.counts[i].Load()
		s.Count += s.counts[i]
	}
	return s
}
