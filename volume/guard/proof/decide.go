package proof

import "slices"

// Decide derives the verdict.
func (c Case) Decide() Decision {
	e := newEvaluation(c)
	if c.Evidence.Abort.Code != "" {
		e.block(c.Evidence.Abort)
	} else if err := c.Terms.Timing.Check(); err != nil {
		e.block(Reason{Code: Invalid, Detail: oneLine(err)}) // no Guard takes such terms
	}
	if c.Terms.Policy == First {
		e.believeFirst()
	} else {
		e.prove()
	}
	return e.decide()
}

// prove applies the rules. Each rests on the ones before it.
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

// decide sums up: a foreign client outweighs everything that is missing.
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

// believeFirst takes the first list for the answer, as ZStack's client does. It proves
// nothing.
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
