package mds

import (
	"sync/atomic"
	"time"
)

const (
	// DefaultLeastStagger and DefaultMostStagger bound the stagger.
	DefaultLeastStagger = 10 * time.Millisecond
	DefaultMostStagger  = 250 * time.Millisecond

	// firstStagger is for an endpoint that no MDS has answered yet.
	firstStagger = 20 * time.Millisecond
	// staggerFactor of the usual latency is late.
	staggerFactor = 4
	// staggerPatience is how many staggers pass before an MDS is asked although
	// the retry budget is spent.
	staggerPatience = 16
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
		if now > old && old != 0 {
			now = old + (now-old)/2
		} else if old != 0 {
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

// usual returns 0 before the first observation.
func (m *movingLatency) usual() time.Duration { return time.Duration(m.nanoseconds.Load()) }

// stagger returns how long an attempt at n may take before the next MDS is
// asked, too: a multiple of what n usually takes, or of what the quickest other
// one does as long as n has not answered.
func (c *Caller) stagger(n *node, endpoint string) time.Duration {
	usual := n.tally(endpoint).usual.usual()
	if usual == 0 {
		for _, other := range c.nodes {
			if d := other.tally(endpoint).usual.usual(); d != 0 && (usual == 0 || d < usual) {
				usual = d
			}
		}
	}
	if usual == 0 {
		return min(max(firstStagger, c.cfg.leastStagger), c.cfg.mostStagger)
	}
	return min(max(staggerFactor*usual, c.cfg.leastStagger), c.cfg.mostStagger)
}
