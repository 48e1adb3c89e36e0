package proof

import "time"

// selfFenced reports whether host i was absent so long that, by the declared
// bound, it has ended its machines.
//
// The host may have lost the MDS as late as in the first round that misses it:
// a change of the leader empties the registry at once, so that the absence says
// nothing of how long ago that was. So the whole bound must pass between the end
// of that round and the begin of the last. As many rounds must miss the host
// before as disturbances are allowed for: each of them may have hidden a host
// that was well. Only rounds in which a quorum proved that it can list say that a
// host is absent. A sign that the host reached its data later starts the bound
// again.
func (e *evaluation) selfFenced(i int) bool {
	bound := time.Duration(e.Terms.SelfFencing)
	if bound <= 0 {
		return false
	}
	rounds := e.Evidence.Rounds
	var absent []int // rounds that miss the host, since it was last seen
	for k := range e.rounds {
		switch {
		case e.rounds[k].seen.Has(i):
			absent = absent[:0]
		case e.rounds[k].lists:
			absent = append(absent, k)
		}
	}
	first := e.Terms.Timing.Disturbances() - 1
	left := bound
	if len(absent) > first {
		since := max(rounds[absent[first]].end(), e.lastAlive(i))
		left = bound - (time.Duration(rounds[absent[len(absent)-1]].Began) - since)
	}
	if left <= 0 {
		return true
	}
	e.hosts[i].remark = Reason{Code: SelfFencingPending, RetryAfter: left, Detail: e.inv.At(i).Name}
	return false
}

// lastAlive is when a witness says that host i last reached its data, since the
// check began.
func (e *evaluation) lastAlive(i int) time.Duration {
	last := time.Duration(-1 << 62)
	for _, round := range e.Evidence.Rounds {
		for _, s := range round.Statements {
			if s.Host == e.inv.At(i).Name && s.Outcome == Answered && s.LastAlive != nil {
				last = max(last, time.Duration(round.Began+*s.LastAlive))
			}
		}
	}
	return last
}
