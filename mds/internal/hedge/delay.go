// Package hedge decides when a read is sent to a second MDS, and whether that can
// be afforded: the usual latency of an MDS, the hedge delay that follows from it,
// and the budget of retry tokens.
package hedge

import "time"

const (
	// firstDelay is the hedge delay of an endpoint that no MDS has answered yet.
	firstDelay = 20 * time.Millisecond
	// lateFactor times the usual latency is late.
	lateFactor = 4
	// leastFactor times the usual latency of the quickest MDS is the least delay,
	// whatever the bounds: asking another one earlier is of no use, and an endpoint
	// that takes a second would spend the retry budget.
	leastFactor = 2
)

// Bounds limit the hedge delay. The zero Bounds turn hedging off.
type Bounds struct{ Least, Most time.Duration }

// On reports whether reads are hedged.
func (b Bounds) On() bool { return b.Most > 0 }

// Delay returns how long an attempt may take before the next MDS is asked as well.
// usual is the usual latency of the MDS that was asked, or 0; peers are those of
// every MDS, 0 where none is known.
func (b Bounds) Delay(usual time.Duration, peers func(yield func(time.Duration) bool)) time.Duration {
	quickest, known := time.Duration(0), 0
	for d := range peers {
		if d == 0 {
			continue
		}
		if known++; quickest == 0 || d < quickest {
			quickest = d
		}
	}
	if usual == 0 {
		usual = quickest
	}
	late := lateFactor * usual
	if usual == 0 {
		late = firstDelay
	}
	delay := min(max(late, b.Least), b.Most)
	if known > 1 {
		delay = max(delay, leastFactor*quickest)
	}
	return delay
}
