package mds

import (
	"slices"
	"time"

	"github.com/zbsclient/zbsclient/mds/internal/histogram"
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
			return histogram.End(i)
		}
	}
	return 0
}

// AtMost returns how many durations did not exceed d: exactly for powers of two
// of a microsecond, and for others the count of the next bucket below.
func (h Histogram) AtMost(d time.Duration) uint64 {
	var seen uint64
	for i, n := range h.counts {
		if histogram.End(i) > d {
			break
		}
		seen += n
	}
	return seen
}

func (h Histogram) plus(other Histogram) Histogram {
	if len(other.counts) > len(h.counts) {
		h, other = other, h
	}
	sum := Histogram{Count: h.Count + other.Count, Sum: h.Sum + other.Sum, counts: slices.Clone(h.counts)}
	for i, n := range other.counts {
		sum.counts[i] += n
	}
	return sum
}

// histogramOf returns a copy of what was counted so far.
func histogramOf(live *histogram.Live) (h Histogram) {
	h.counts, h.Sum = live.Counts()
	for _, n := range h.counts {
		h.Count += n
	}
	return h
}
