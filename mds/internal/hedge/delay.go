// Package hedge decides when a read is sent to a second MDS, and whether there is a
// token for that: the usual latency of an MDS, the hedge delay that follows from it,
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

// Peers are the usual latencies of an endpoint at every MDS. The zero Peers are empty.
type Peers struct {
	quickest time.Duration
	known    int
}

// Add adds the usual latency of one MDS; 0, for one that is not known, changes nothing.
func (p *Peers) Add(usual time.Duration) {
	if usual == 0 {
		return
	}
	if p.known++; p.known == 1 || usual < p.quickest {
		p.quickest = usual
	}
}

// Delay returns how long an attempt may take before the next MDS is asked as well.
// usual is the usual latency of the MDS that was asked, 0 if it is not known; then
// that of the quickest peer stands in for it.
func (b Bounds) Delay(usual time.Duration, peers Peers) time.Duration {
	if usual == 0 {
		usual = peers.quickest
	}
	late := lateFactor * usual
	if usual == 0 {
		late = firstDelay
	}
	delay := min(max(late, b.Least), b.Most)
	if peers.known > 1 {
		delay = max(delay, leastFactor*peers.quickest)
	}
	return delay
}
