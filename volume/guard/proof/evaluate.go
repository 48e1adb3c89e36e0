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
	cluster string         // the one expected; empty: unknown
	needs   int            // servers that must count in a round
	hosts   []hostRecord   // by place in the inventory
	rounds  []roundReading // by round
	reasons []Reason
	notes   []Reason
}

// hostRecord is what the evidence says of one host over the whole check.
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

// prove applies the rules in the order in which they rest on each other.
func (e *evaluation) prove() {
	e.identify()
	e.stand()
	for k := range e.rounds {
		e.readRound(k)
	}
	e.expect()
	e.breakFences()
	e.excuse()
}

// decide weighs all of it: a foreign client outweighs whatever is missing.
func (e *evaluation) decide() Decision {
	d := Decision{Observed: len(e.rounds) - 1}
	d.Holders = e.holders()
	foreign := slices.ContainsFunc(d.Holders, func(h Holder) bool { return h.Standing == Foreign })
	if e.Terms.Policy != First {
		e.count(&d)
		d.Hosts = e.hostProofs(d.Observed)
	}
	d.Reasons, d.Notes = slices.Clip(e.reasons), e.notes
	if len(d.Reasons) == 0 {
		d.Reasons = nil
	}
	switch {
	case foreign:
		d.Verdict = InUse
	case len(e.reasons) == 0:
		d.Verdict = Free
	}
	d.Open = d.Verdict == Unknown && !slices.ContainsFunc(e.reasons, func(r Reason) bool { return r.Code.lasting() })
	return d
}

// believeFirst says what the first list says, which is the reference client's
// answer. It proves nothing.
func (e *evaluation) believeFirst() {
	e.stand()
	var failures []Reason
	for k, round := range e.Evidence.Rounds {
		for i := range round.Observations {
			o := &round.Observations[i]
			if o.Clients.Outcome == Answered {
				e.block(Reason{Code: UnsafePolicy, MDS: o.MDS, Detail: e.firstList(o)})
				return
			}
			r := failed(o.Clients.Answer)
			r.MDS, r.Round = o.MDS, k+1
			failures = append(failures, r)
		}
	}
	for _, r := range failures {
		e.block(r)
	}
	e.block(Reason{Code: UnsafePolicy})
}

func (e *evaluation) firstList(o *Observation) string {
	if len(o.Clients.Clients) == 0 {
		return "the first list names nobody"
	}
	return "the first list names allowed hosts only"
}
