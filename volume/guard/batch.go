package guard

import (
	"slices"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

// batch is the checks that one round asks for together. They share the ping and the
// lists of other volumes of each MDS.
type batch struct {
	guard   *Guard
	checks  []*check
	lead    *check // whose terms, facts and inventory all checks share
	began   time.Time
	needed  proof.HostSet // hosts that must be visible, if nothing else accounts for them
	changed chan struct{} // holds a token when the round must look again

	mu   sync.Mutex // guards over, and the answers in the polls
	over bool       // the round has ended
}

func newBatch(g *Guard, checks []*check) *batch {
	b := &batch{guard: g, checks: checks, lead: checks[0], changed: make(chan struct{}, 1)}
	b.findNeeded()
	return b
}

// queries estimates how many queries the round sends to each MDS.
func (b *batch) queries() int { return 3 + 2*len(b.checks) + b.needed.Len() }

// findNeeded finds the hosts in service with one of the pools, without those that the
// terms account for.
func (b *batch) findNeeded() {
	inventory := b.lead.evidence.Hosts
	for i := range inventory.Len() {
		host := inventory.At(i)
		if host.State != InService || slices.Contains(b.lead.Allowed, host.Name) || b.lead.fenced(host.Name) {
			continue
		}
		if slices.ContainsFunc(b.checks, func(c *check) bool { return host.Attached(c.path.Pool) }) {
			b.needed.Add(i)
		}
	}
}

// notify makes the round look again.
func (b *batch) notify() {
	select {
	case b.changed <- struct{}{}:
	default:
	}
}
