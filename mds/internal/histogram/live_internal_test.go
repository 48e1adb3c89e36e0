package histogram

import (
	"slices"
	"testing"
	"time"
)

func TestBuckets(t *testing.T) {
	for i := range buckets {
		if end := End(i); bucketOf(end) != i || end != Longest+1 && bucketOf(end+1) != i+1 {
			t.Errorf("bucket %d ends at %v, which falls into %d", i, end, bucketOf(end))
		}
	}
	for _, d := range []time.Duration{-1, 0, 1, time.Microsecond} {
		if bucketOf(d) != 0 {
			t.Errorf("%v falls into bucket %d", d, bucketOf(d))
		}
	}
	if bucketOf(time.Hour) != buckets-1 {
		t.Errorf("an hour falls into bucket %d of %d", bucketOf(time.Hour), buckets)
	}
}

func TestLive(t *testing.T) {
	var h Live
	for _, d := range []time.Duration{0, time.Microsecond, 3 * time.Microsecond, time.Hour} {
		h.Observe(d)
	}
	want := make([]uint64, buckets)
	want[0], want[2], want[buckets-1] = 2, 1, 1
	if counts, sum := h.Counts(); !slices.Equal(counts, want) || sum != time.Hour+4*time.Microsecond {
		t.Errorf("counts %v with the sum %v, want %v", counts, sum, want)
	}
}
