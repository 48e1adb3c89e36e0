package mds

import (
	"sync/atomic"
	"time"
)

const (
	// DefaultLeastStagger and DefaultMostStagger bound the stagger, which is
	// never less than twice the usual latency of the quickest MDS.
	DefaultLeastStagger = 10 * time.Millisecond
	DefaultMostStagger  = 250 * time.Millisecond

	// firstStagger is for an endpoint that no MDS has answered yet.
	firstStagger = 20 * time.Millisecond
	// staggerFactor of the usual latency is late.
	staggerFactor = 4
	// leastFactor of what the quickest MDS usually takes is the least, whatever
	// the bounds: to ask another one before would be of no use, and an endpoint
	// that takes a second would spend the retry budget.
	leastFactor = 2
	// staggerPatience is how many staggers pass before an MDS is asked although
	// the retry budget is spent.
	staggerPatience = 16
	// quickFall times a new latency is the most that is kept of those before: one
	// stall must not make the next hung MDS cost as much.
	quickFall = 4
	// queueChecks is how often in a stagger an attempt that waits for a
	// connection looks for a better MDS.
	queueChecks = 4
)

// movingLatency is the usual latency of an endpoint at an MDS. It rises faster
// than it falls: a stagger below the service time would double the load. It is
// safe for concurrent use; the zero value has not seen any.
type movingLatency struct{ nanoseconds atomic.Int64 }

func (m *movingLatency) observe(d time.Duration) {
	for {
		old := m.nanoseconds.Load()
		now := max(int64(d), 1)
		switch {
		case old == 0:
		case now > old:
			now = old + (now-old)/2
		case old > quickFall*now: // a stall is over
			now *= quickFall
		default:
			now = old - (old-now)/8
		}
		if m.nanoseconds.CompareAndSwap(old, now) {
			return
		}
	}
}

// atLeast tells of an attempt that was given up after d.
func (m *movingLatency) atLeast(d time.Duration) {
	if usual := m.usual(); usual != 0 && d > usual {
		m.observe(d)
	}
}

// first is atLeast that also counts as the first observation.
func (m *movingLatency) first(d time.Duration) {
	if m.usual() == 0 && d > 0 {
		m.observe(d)
	} else {
		m.atLeast(d)
	}
}

// usual returns 0 before the first observation.
func (m *movingLatency) usual() time.Duration { return time.Duration(m.nanoseconds.Load()) }

// stagger returns how long an attempt at n may take before the next MDS is
// asked, too: a multiple of what n usually takes, or of what the quickest one
// does as long as n has not answered.
func (c *Caller) stagger(n *node, endpoint string) time.Duration {
	usual, least := n.tally(endpoint).usual.usual(), time.Duration(0)
	quickest, known := c.quickest(endpoint)
	if usual == 0 {
		usual = quickest
	}
	if known > 1 {
		least = leastFactor * quickest
	}
	bounded := min(max(staggerFactor*usual, c.cfg.leastStagger), c.cfg.mostStagger)
	if usual == 0 {
		bounded = min(max(firstStagger, c.cfg.leastStagger), c.cfg.mostStagger)
	}
	return max(bounded, least)
}

// quickest returns what the quickest MDS usually takes, and of how many MDS that
// is known.
func (c *Caller) quickest(endpoint string) (usual time.Duration, known int) {
	for _, n := range c.nodes {
		if d := n.tally(endpoint).usual.usual(); d != 0 {
			if known++; usual == 0 || d < usual {
				usual = d
			}
		}
	}
	return usual, known
}
