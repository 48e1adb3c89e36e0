package mds

import "time"

const (
	// staggerPatience is how many staggers pass before an MDS is asked although
	// the retry budget is spent.
	staggerPatience = 16
	// queueChecks is how often in a stagger an attempt that waits for a
	// connection looks for a better MDS.
	queueChecks = 4
)

// stagger returns how long an attempt at n may take before the next MDS is asked
// as well.
func (c *Caller) stagger(n *node, endpoint string) time.Duration {
	return c.cfg.hedge.Delay(n.tally(endpoint).usual.Usual(), func(yield func(time.Duration) bool) {
		for _, peer := range c.nodes {
			if !yield(peer.tally(endpoint).usual.Usual()) {
				return
			}
		}
	})
}
