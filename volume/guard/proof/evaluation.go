package proof

import (
	"slices"

	"github.com/zbsclient/zbsclient/zbs"
)

// evaluation is one Case while it is decided. Each rule has a file: identity,
// listing, hosts (account, fence, selffence), rounds and foreign clients (holder).
type evaluation struct {
	Case
	inv     *Inventory
	cluster string         // the right cluster; empty: unknown
	needs   int            // servers that must count in a round
	hosts   []hostRecord   // by place in the inventory
	rounds  []roundReading // by round
	reasons []Reason
	notes   []Reason
}

// hostRecord is what the evidence says about one host over the whole check.
type hostRecord struct {
	standing Standing // allowed or fenced; Foreign: neither
	expected bool     // the host must be accounted for
	excused  Means    // accounted for whatever the lists show; MeansNone: it must be visible
	remark   Reason   // why a means of proof failed
}

// roundReading is what one round shows, before it is known which hosts are
// excused.
type roundReading struct {
	seen       HostSet // hosts that any MDS of the cluster lists for any volume
	exists     bool
	failures   []Reason        // of MDS that do not count
	listing    []provedListing // of MDS that count as far as listing goes
	lists      bool            // a quorum of them
	visible    HostSet         // hosts that a quorum of them lists
	incomplete []Reason        // addresses that belong to no host
}

// provedListing is an MDS that proved in a round that it can list.
type provedListing struct {
	mds    zbs.Addr
	seen   HostSet  // hosts that it lists
	canary zbs.Path // the volume whose list is the proof
}

func newEvaluation(c Case) *evaluation {
	return &evaluation{
		Case: c, inv: c.Evidence.Hosts, needs: c.Needs(),
		hosts:   make([]hostRecord, c.Evidence.Hosts.Len()),
		rounds:  make([]roundReading, len(c.Evidence.Rounds)),
		reasons: make([]Reason, 0, 8),
	}
}

func (e *evaluation) block(r Reason) {
	if r.RetryAfter == 0 {
		r.RetryAfter = r.Code.retryAfter(e.Terms.Timing)
	}
	if !slices.Contains(e.reasons, r) {
		e.reasons = append(e.reasons, r)
	}
}

func (e *evaluation) note(r Reason) {
	if !slices.Contains(e.notes, r) {
		e.notes = append(e.notes, r)
	}
}

// remark notes why a means failed, unless something weightier is noted.
func (e *evaluation) remark(i int, detail string) {
	if h := &e.hosts[i]; h.remark.Code == "" {
		h.remark = Reason{Code: HostUnproved, Detail: detail}
	}
}
