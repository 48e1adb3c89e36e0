package guard

import (
	"net/netip"
	"slices"
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// ruling is what the evidence comes to.
type ruling struct {
	verdict Verdict
	holders []Holder
	reasons []Reason // why it is Unknown
	notes   []Reason
}

// judge derives the verdict from the evidence alone, by the rules at Guard. The
// time of day at which the check began matters for attestations only.
func judge(terms Terms, began time.Time, ev Evidence) ruling {
	j := &judging{terms: terms, began: began, ev: ev, counted: make([]int, len(ev.Rounds)), reasons: make([]Reason, 0, 8)}
	if ev.Halt.Code != "" {
		j.block(ev.Halt)
	} else if err := terms.Timing.check(); err != nil {
		j.block(Reason{Code: Invalid, Detail: oneLine(err)}) // no Guard takes such terms
	}
	if terms.Policy == First {
		j.believeFirst()
	} else {
		j.identify()
		j.shown()
		for k := range ev.Rounds {
			j.round(k)
		}
		j.spacing()
		if terms.MinCanaryHosts == 0 {
			j.note(Reason{Code: NoHostMinimum})
		}
	}
	return j.rule()
}

type judging struct {
	terms   Terms
	began   time.Time
	ev      Evidence
	cluster string         // the one expected; empty: unknown
	hosts   [][]netip.Addr // by round: what the canary showed in it or before, sorted
	parsed  []parsedList   // the canary's lists read so far
	counted []int          // by round: how many MDS count
	reasons []Reason
	notes   []Reason
}

func (j *judging) block(r Reason) {
	if r.RetryAfter == 0 {
		r.RetryAfter = r.Code.retryAfter(j.terms.Timing)
	}
	j.reasons = append(j.reasons, r)
}

func (j *judging) note(r Reason) {
	if !slices.Contains(j.notes, r) {
		j.notes = append(j.notes, r)
	}
}

// rule weighs all of it: a foreign client outweighs whatever is missing.
func (j *judging) rule() ruling {
	r := ruling{holders: j.holders()}
	r.notes = j.notes
	if len(j.reasons) > 0 {
		r.reasons = slices.Clip(j.reasons)
	}
	switch {
	case slices.ContainsFunc(r.holders, func(h Holder) bool { return h.Standing == Foreign }):
		r.verdict = InUse
	case len(j.reasons) == 0:
		r.verdict = Free
	}
	return r
}

// identify finds the cluster that is expected, and who names another.
func (j *judging) identify() {
	j.cluster = j.terms.ExpectCluster
	if j.cluster == "" {
		j.cluster = majority(j.ev.Identities, len(j.ev.MDS))
	}
	if j.cluster == "" {
		if len(j.ev.Rounds) > 0 || j.ev.Halt.Code == "" {
			j.block(Reason{Code: ClusterUnknown})
		}
		return
	}
	for _, id := range j.ev.Identities {
		if id.Cluster != "" && id.Cluster != j.cluster {
			j.block(Reason{Code: WrongCluster, MDS: id.MDS, Detail: id.Cluster})
		}
	}
	for k, round := range j.ev.Rounds {
		for i := range round.Observations {
			if o := &round.Observations[i]; o.Cluster != "" && o.Cluster != j.cluster {
				j.block(Reason{Code: WrongCluster, MDS: o.MDS, Round: k + 1, Detail: o.Cluster})
			}
		}
	}
}

// majority returns the cluster that more than half of n MDS name.
func majority(ids []Identity, n int) string {
	for _, id := range ids {
		votes := 0
		for _, other := range ids {
			if other.Cluster == id.Cluster {
				votes++
			}
		}
		if id.Cluster != "" && votes > n/2 {
			return id.Cluster
		}
	}
	return ""
}

// wrong reports whether the observation is of an MDS proved to be of another
// cluster. A ping that succeeds is later proof than what facts said.
func (j *judging) wrong(o *Observation) bool {
	if j.cluster == "" || o.Ping.Outcome == Answered {
		return false
	}
	if o.Cluster != "" {
		return o.Cluster != j.cluster
	}
	for _, id := range j.ev.Identities {
		if id.MDS == o.MDS && id.Cluster != "" {
			return id.Cluster != j.cluster
		}
	}
	return false
}

// round decides whether enough MDS count in round k, and whether the volume
// exists.
func (j *judging) round(k int) {
	round := j.ev.Rounds[k]
	j.exists(k, round)
	var counting []zbs.Addr
	var failures []Reason
	for i := range round.Observations {
		o := &round.Observations[i]
		if r := j.counts(k, o); r.Code != "" {
			r.MDS, r.Round = o.MDS, k+1
			failures = append(failures, r)
		} else if o.Ping.Outcome == Answered && slices.Contains(j.ev.MDS, o.MDS) {
			counting = addOnce(counting, o.MDS)
		}
	}
	j.counted[k] = len(counting)
	if len(counting) > 0 && len(counting) >= j.terms.Policy.needs(len(j.ev.MDS)) {
		for _, r := range failures {
			j.note(r)
		}
		return
	}
	for _, r := range failures {
		if r.Code != WrongCluster { // identify has said so
			j.block(r)
		}
	}
	j.block(Reason{Code: NoQuorum, Round: k + 1})
}

// counts returns why the MDS does not count in round k, or a reason without a
// code. An MDS that was only asked for clients has nothing to prove.
func (j *judging) counts(k int, o *Observation) Reason {
	if j.wrong(o) {
		return Reason{Code: WrongCluster}
	}
	if o.Ping.Outcome == NotAsked {
		return failed(o.Clients.Answer)
	}
	if j.cluster == "" {
		return Reason{Code: ClusterUnknown}
	}
	if r := failed(o.Ping.Answer); r.Code != "" {
		return r
	}
	if o.Ping.AgentVersion == "" {
		return Reason{Code: Unsynced}
	}
	for _, a := range []Answer{o.Clients.Answer, o.Canary.Answer} {
		if r := failed(a); r.Code != "" {
			return r
		}
		if a.Outcome != Answered {
			return Reason{Code: NoReply, Detail: "not asked"}
		}
	}
	if !j.inOrder(k, o) {
		return Reason{Code: Stale}
	}
	return j.canary(k, o)
}

// failed returns the reason that a question which was asked got no answer.
func failed(a Answer) Reason {
	switch a.Outcome {
	case NotAsked, Answered:
		return Reason{}
	case Malformed:
		return Reason{Code: MalformedReply, Detail: a.Error}
	case Refused, Missing:
		return Reason{Code: RefusedReply, Detail: a.Error}
	default:
		return Reason{Code: NoReply, Detail: a.Error}
	}
}

// inOrder reports whether ping, list and canary followed each other, within a
// span, in the round, after the check began. Then the agent was synced before
// the list and able to list after it.
func (j *judging) inOrder(k int, o *Observation) bool {
	round := j.ev.Rounds[k]
	return round.Began >= 0 && o.Ping.Asked >= 0 &&
		o.Clients.Asked >= o.Ping.ended() &&
		o.Canary.Asked >= o.Clients.ended() &&
		o.Canary.ended() <= round.Took &&
		o.Ping.Took >= 0 && o.Clients.Took >= 0 && o.Canary.Took >= 0 &&
		time.Duration(o.Canary.ended()-o.Ping.Asked) <= j.terms.Timing.Span
}

// exists wants the word of an MDS of this cluster that the volume is there, and
// takes anybody's that it is not.
func (j *judging) exists(k int, round Round) {
	known := false
	for _, e := range round.Existence {
		if j.wrongMDS(round, e.MDS) {
			continue
		}
		if e.Outcome == Missing {
			j.block(Reason{Code: VolumeMissing, MDS: e.MDS, Round: k + 1})
			return
		}
		known = known || e.Outcome == Answered && e.Asked >= 0 && e.ended() <= round.Took && pinged(round, e.MDS)
	}
	if !known {
		j.block(Reason{Code: ExistenceUnknown, Round: k + 1})
	}
}

func (j *judging) wrongMDS(round Round, mds zbs.Addr) bool {
	for i := range round.Observations {
		if o := &round.Observations[i]; o.MDS == mds && j.wrong(o) {
			return true
		}
	}
	return false
}

func pinged(round Round, mds zbs.Addr) bool {
	for i := range round.Observations {
		if o := &round.Observations[i]; o.MDS == mds && o.Ping.Outcome == Answered {
			return true
		}
	}
	return false
}

// spacing wants the rounds to be as many and as far apart as the timing says.
func (j *judging) spacing() {
	rounds, timing := j.ev.Rounds, j.terms.Timing
	if len(rounds) < timing.Rounds {
		if len(j.reasons) == 0 { // else the check ended for these
			j.block(Reason{Code: TooFewRounds})
		}
		return
	}
	for k := 1; k < len(rounds); k++ {
		if apart := rounds[k].Began - rounds[k-1].Began - rounds[k-1].Took; time.Duration(apart) < timing.RoundInterval {
			j.block(Reason{Code: TooFewRounds, Round: k + 1, Detail: "only " + apart.String() + " after the one before"})
		}
	}
}

// believeFirst is the reference client's behaviour: the first list there is.
func (j *judging) believeFirst() {
	j.note(Reason{Code: UnsafePolicy})
	var failures []Reason
	for k, round := range j.ev.Rounds {
		for i := range round.Observations {
			o := &round.Observations[i]
			if o.Clients.Outcome == Answered {
				return
			}
			r := failed(o.Clients.Answer)
			r.MDS, r.Round = o.MDS, k+1
			failures = append(failures, r)
		}
	}
	for _, r := range failures {
		j.block(r)
	}
	j.block(Reason{Code: NoQuorum})
}
