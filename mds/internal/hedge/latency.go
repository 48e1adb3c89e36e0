package hedge

import (
	"sync/atomic"
	"time"
)

// fall times a new latency is the most that is kept of the ones before: one stall
// must not make the next hung MDS cost as much.
const fall = 4

// Latency is the usual latency of one endpoint at one MDS: a moving average that
// rises faster than it falls, because a hedge delay below the service time would
// double the load. It is safe for concurrent use; the zero Latency has not seen any.
type Latency struct{ nanoseconds atomic.Int64 }

// Usual returns the usual latency, and 0 before the first observation.
func (l *Latency) Usual() time.Duration { return time.Duration(l.nanoseconds.Load()) }

// Observe adds the latency of an answer.
func (l *Latency) Observe(d time.Duration) {
	for {
		old := l.nanoseconds.Load()
		now := max(int64(d), 1)
		switch {
		case old == 0:
		case now > old:
			now = old + (now-old)/2
		case old > fall*now: // a stall is over
			now *= fall
		default:
			now = old - (old-now)/8
		}
		if l.nanoseconds.CompareAndSwap(old, now) {
			return
		}
	}
}

// AtLeast adds an attempt that was given up after d without an answer.
func (l *Latency) AtLeast(d time.Duration) {
	if usual := l.Usual(); usual != 0 && d > usual {
		l.Observe(d)
	}
}

// AtLeastFirst is AtLeast that also counts as the first observation.
func (l *Latency) AtLeastFirst(d time.Duration) {
	if l.Usual() == 0 && d > 0 {
		l.Observe(d)
	} else {
		l.AtLeast(d)
	}
}
