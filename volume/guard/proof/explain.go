package proof

// checkInventory gives the reasons why the inventory is not enough.
func (e *evaluation) checkInventory() {
	if e.inv.Len() == 0 {
		e.block(Reason{Code: NoInventory})
		return
	}
	for i := range e.hosts {
		if e.hosts[i].excused == MeansNone && e.namedOpen(i) {
			e.block(Reason{Code: NamedOpen, Detail: e.inv.At(i).Name})
		}
	}
	for k := range e.rounds {
		for _, r := range e.rounds[k].incomplete {
			e.block(r)
		}
	}
}

// explain gives the reasons why the rounds are not enough: what the last one lacks, or
// else that there are too few.
func (e *evaluation) explain(d *Decision) {
	if last := len(e.rounds) - 1; last >= 0 && !d.Rounds[last].Counts {
		e.explainRound(last, d.Rounds[last])
	}
	if len(e.reasons) == 0 {
		e.block(Reason{Code: TooFewRounds})
	}
}

func (e *evaluation) explainRound(k int, w RoundWorth) {
	r := &e.rounds[k]
	if !r.exists {
		e.explainExistence(k)
	}
	if w.Listing < e.needs || w.Listing == 0 {
		for _, failure := range r.failures {
			e.block(failure)
		}
		e.block(Reason{Code: NoQuorum, Round: k + 1})
		return
	}
	for _, failure := range r.failures {
		e.note(failure)
	}
	for i := range e.hosts {
		if w.Unproved.Has(i) && !e.namedOpen(i) {
			e.block(e.unproved(i, k))
		}
	}
	if w.Proved < e.needs && w.Unproved.Len() == 0 { // each host is listed by a quorum, and not by the same
		e.explainUnequal(k)
	}
}

// explainExistence says that no MDS answered whether the volume exists, unless
// one said that it does not.
func (e *evaluation) explainExistence(k int) {
	for _, r := range e.reasons {
		if r.Code == VolumeMissing {
			return
		}
	}
	e.block(Reason{Code: ExistenceUnknown, Round: k + 1})
}

// unproved is why host i is not accounted for in round k.
func (e *evaluation) unproved(i, k int) Reason {
	name := e.inv.At(i).Name
	r := Reason{Code: HostUnproved, Round: k + 1, Detail: name}
	switch remark := e.hosts[i].remark; {
	case remark.Code == HostUnproved:
		r.Detail += ": " + remark.Detail
	case remark.Code == FenceLater: // is a note
	case remark.Code != "":
		r = remark
		r.Round = k + 1
	case e.everSeen(i):
		r.Code = HostLost
	case !e.mayShow(i):
		r.Code = HostIdle
	}
	return r
}

// explainUnequal names hosts that some MDS list and others do not.
func (e *evaluation) explainUnequal(k int) {
	for _, l := range e.rounds[k].listing {
		for i := range e.hosts {
			if e.hosts[i].excused == MeansNone && !l.seen.Has(i) {
				e.block(Reason{Code: HostLost, MDS: l.mds, Round: k + 1, Detail: e.inv.At(i).Name})
			}
		}
	}
}

// noteMeans adds notes about what a Free verdict rests on.
func (e *evaluation) noteMeans() {
	for i := range e.hosts {
		if e.hosts[i].excused == SelfFenced {
			e.note(Reason{Code: RestsOnSelfFencing, Detail: e.inv.At(i).Name})
		}
	}
	for k := range e.rounds {
		for _, failure := range e.rounds[k].failures {
			e.note(failure)
		}
	}
	for _, addr := range e.Evidence.MDS {
		if _, known := e.inv.OfClient(addr.Host); !known {
			e.note(Reason{Code: ExportsUnseen})
			return
		}
	}
}
