package bench

import (
	"cmp"
	"math"
	"slices"
	"testing"
	"time"
)

// quantile returns the smallest value such that at least the share q of all values is
// not larger. Without values it returns 0.
func quantile[T cmp.Ordered](values []T, q float64) (v T) {
	if len(values) == 0 {
		return v
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)]
}

func median[T cmp.Ordered](values []T) T { return quantile(values, 0.5) }

// ratios divides values that were measured side by side, so a disturbance that slowed
// both cancels out.
func ratios(over, under []float64) []float64 {
	r := make([]float64, len(over))
	for i := range over {
		r[i] = over[i] / under[i]
	}
	return r
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1e3 }

// percent returns the share of calls that succeeded, in percent.
func percent(good, all int) float64 { return 100 * float64(good) / float64(max(1, all)) }

// row prints the measurements of a client as a benchmark of its own.
func row(b *testing.B, name string, metrics map[string]float64) {
	b.Run(name, func(b *testing.B) {
		b.ReportMetric(0, "ns/op") // 0 is not printed; the time was measured elsewhere
		for unit, value := range metrics {
			b.ReportMetric(value, unit)
		}
	})
}

func TestQuantile(t *testing.T) {
	hundred := make([]int, 100)
	for i := range hundred {
		hundred[i] = 100 - i
	}
	for _, tc := range []struct {
		values []int
		q      float64
		want   int
	}{
		{hundred, 0.99, 99},
		{hundred, 0.5, 50},
		{hundred, 1, 100},
		{[]int{7}, 0.99, 7},
		{nil, 0.99, 0},
	} {
		if got := quantile(tc.values, tc.q); got != tc.want {
			t.Errorf("quantile %v of %d values is %d, want %d", tc.q, len(tc.values), got, tc.want)
		}
	}
}
