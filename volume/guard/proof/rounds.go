package proof

import "time"

// count decides which rounds count, whether they are enough (rules 3 to 6), and
// why not.
func (e *evaluation) count(d *Decision) {
	e.checkInventory()
	e.noteServers()
	d.Rounds = make([]RoundWorth, len(e.rounds))
	var counted []int // rounds that agree, far enough apart
	last := -1        // the last that counts
	for k := range e.rounds {
		worth := e.worth(k)
		d.Rounds[k] = worth
		if worth.Counts {
			last = k
		}
		if worth.Counts && e.tooFarFrom(counted, k) {
			counted = counted[:0]
		}
		switch {
		case worth.Counts && e.farFrom(counted, k):
			counted = append(counted, k)
		case !worth.Counts && e.shrank(counted, k):
			counted = counted[:0]
		}
	}
	if n := len(counted); n > 0 && n >= e.Terms.Timing.Rounds {
		d.Observed = last // it could stand for the last of counted, being later
		e.noteMeans()
		return
	}
	e.explain(d)
	d.Next = e.next(d, counted)
}

// next is when another round may help, since the check began: an interval after
// the last that counted, or soon after one that did not.
func (e *evaluation) next(d *Decision, counted []int) time.Duration {
	last := len(e.rounds) - 1
	if last < 0 {
		return 0
	}
	timing := e.Terms.Timing
	if d.Rounds[last].Counts && len(counted) > 0 {
		return e.Evidence.Rounds[counted[len(counted)-1]].end() + timing.RoundInterval
	}
	pause := timing.Retry()
	if left, only := e.onlyPending(); only {
		pause = min(left, timing.RoundInterval)
	}
	return e.Evidence.Rounds[last].end() + pause
}

// onlyPending reports whether the only reasons are hosts that may not have fenced
// themselves yet, and how much of their time is left.
func (e *evaluation) onlyPending() (left time.Duration, only bool) {
	for _, r := range e.reasons {
		if r.Code != SelfFencingPending {
			return 0, false
		}
		left = max(left, r.RetryAfter)
	}
	return left, len(e.reasons) > 0
}

// worth works out what round k is worth.
func (e *evaluation) worth(k int) RoundWorth {
	r := &e.rounds[k]
	w := RoundWorth{Exists: r.exists, Listing: e.countServers(r.listing)}
	proving := make([]provedListing, 0, len(r.listing))
	for _, l := range r.listing {
		if e.accounts(l) {
			proving = append(proving, l)
		}
	}
	w.Proved = e.countServers(proving)
	for i := range e.hosts {
		if e.hosts[i].excused == MeansNone && (e.namedOpen(i) || !e.rounds[k].visible.Has(i)) {
			w.Unproved.Add(i)
		}
	}
	w.Counts = e.inv.Len() > 0 && r.exists && len(r.incomplete) == 0 && w.Proved > 0 && w.Proved >= e.needs
	return w
}

// accounts reports whether the MDS lists every host that is not excused.
func (e *evaluation) accounts(l provedListing) bool {
	for i := range e.hosts {
		if e.hosts[i].excused == MeansNone && (!l.seen.Has(i) || e.namedOpen(i)) {
			return false
		}
	}
	return true
}

func (e *evaluation) countServers(listing []provedListing) int {
	servers := make(map[string]bool, len(listing))
	for _, l := range listing {
		servers[e.serverOf(l.mds)] = true
	}
	return len(servers)
}

// farFrom reports whether round k began an interval after the last that counted.
func (e *evaluation) farFrom(counted []int, k int) bool {
	if len(counted) == 0 {
		return true
	}
	before := &e.Evidence.Rounds[counted[len(counted)-1]]
	return time.Duration(e.Evidence.Rounds[k].Began)-before.end() >= e.Terms.Timing.RoundInterval
}

// tooFarFrom reports whether the last round that counted and round k are too far apart to
// agree: more than two intervals and a span.
func (e *evaluation) tooFarFrom(counted []int, k int) bool {
	if len(counted) == 0 {
		return false
	}
	before, timing := &e.Evidence.Rounds[counted[len(counted)-1]], e.Terms.Timing
	return time.Duration(e.Evidence.Rounds[k].Began)-before.end() > 2*timing.RoundInterval+timing.Span
}

// shrank reports whether round k misses a host that a round which counted showed,
// although a quorum proved that it can list: then the count starts again, for the
// round that counted may have missed clients of that host already.
func (e *evaluation) shrank(counted []int, k int) bool {
	if !e.rounds[k].lists {
		return false
	}
	for _, earlier := range counted {
		for i := range e.hosts {
			if e.hosts[i].excused == MeansNone && e.rounds[earlier].seen.Has(i) && !e.rounds[k].seen.Has(i) {
				return true
			}
		}
	}
	return false
}
