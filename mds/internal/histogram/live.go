// Package histogram counts durations in buckets that grow with them.
package histogram

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// The buckets of a Live: eight to each doubling, from 1 µs to some two
// minutes, so that a quantile is off by at most an eighth.
const (
	subBuckets = 8
	buckets    = 25 * subBuckets
	// Longest is the end of the last bucket; longer durations fall into it too.
	Longest = 1<<27*time.Microsecond - 1
)

// Live is a histogram that is being filled. It is safe for concurrent
// use; its zero value is empty.
type Live struct {
	sum    atomic.Int64 // nanoseconds
	counts [buckets]atomic.Uint64
}

// Observe counts a duration.
func (h *Live) Observe(d time.Duration) {
	h.sum.Add(int64(d))
	h.counts[bucketOf(d)].Add(1)
}

// Counts returns how many durations are in each bucket, and their sum.
func (h *Live) Counts() (counts []uint64, sum time.Duration) {
	counts = make([]uint64, buckets)
	for i := range h.counts {
		counts[i] = h.counts[i].Load()
	}
	return counts, time.Duration(h.sum.Load())
}

// bucketOf returns the bucket of d. A bucket begins behind the end of the one
// before, and both ends of a doubling are ends of buckets.
func bucketOf(d time.Duration) int {
	if d <= time.Microsecond {
		return 0
	}
	us := uint64((min(d, Longest) - 1) / time.Microsecond)
	if us < subBuckets {
		return int(us)
	}
	shift := bits.Len64(us) - bits.Len64(subBuckets)
	return (shift+1)*subBuckets + int(us>>shift)&(subBuckets-1)
}

// End returns the longest duration of the bucket.
func End(i int) time.Duration {
	if i < subBuckets {
		return time.Duration(i+1) * time.Microsecond
	}
	shift := i/subBuckets - 1
	return time.Duration(subBuckets+i%subBuckets+1) << shift * time.Microsecond
}
