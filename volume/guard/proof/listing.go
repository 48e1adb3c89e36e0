package proof

import (
	"slices"
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// readRound finds out which MDS proved in round k that they can list (rule 2),
// which hosts they show, and whether the volume exists (rule 4).
func (e *evaluation) readRound(k int) {
	round, reading := &e.Evidence.Rounds[k], &e.rounds[k]
	reading.exists = e.exists(k, round)
	for i := range round.Observations {
		o := &round.Observations[i]
		if e.wrong(o) {
			continue // identify has said so
		}
		survey := o.Survey.read(e.inv)
		var seen HostSet
		seen.AddClients(e.inv, o.Clients.Clients)
		reading.seen.Join(survey.hosts)
		reading.seen.Join(seen)
		e.noteStrangers(reading, survey.strangers, k)
		canary, r := e.lists(round, o)
		switch {
		case r.Code != "":
			r.MDS, r.Round = o.MDS, k+1
			reading.failures = append(reading.failures, r)
		case slices.Contains(e.Evidence.MDS, o.MDS) && o.Ping.Outcome == Answered && !o.Late:
			seen.Join(o.Survey.shows(e.inv, round.Took))
			reading.listing = append(reading.listing, provedListing{o.MDS, seen, canary})
		}
	}
	e.readQuorum(reading)
}

// readQuorum works out whether a quorum proved that it can list, and which hosts
// a quorum lists. The MDS of one server are one.
func (e *evaluation) readQuorum(reading *roundReading) {
	shows := make(map[string]*HostSet)
	for _, l := range reading.listing {
		server := e.serverOf(l.mds)
		if shows[server] == nil {
			shows[server] = &HostSet{}
		}
		shows[server].Join(l.seen)
	}
	reading.lists = len(shows) > 0 && len(shows) >= e.needs
	for i := range e.hosts {
		n := 0
		for _, seen := range shows {
			if seen.Has(i) {
				n++
			}
		}
		if n > 0 && n >= e.needs {
			reading.visible.Add(i)
		}
	}
}

// noteStrangers takes down addresses that belong to no host: whatever else they
// have open, the inventory is not complete. Without an inventory that is said
// once, of the inventory.
func (e *evaluation) noteStrangers(reading *roundReading, strangers []stranger, k int) {
	if e.inv.Len() == 0 {
		return
	}
	for _, s := range strangers {
		r := Reason{Code: InventoryIncomplete, Round: k + 1, Detail: s.client.IP + " has " + s.volume.String() + " open"}
		reading.incomplete = append(reading.incomplete, r)
	}
}

// lists returns why the MDS does not prove in the round that it can list, or the
// volume whose list proves it. An MDS that was only asked for clients has nothing
// to prove.
func (e *evaluation) lists(round *Round, o *Observation) (canary zbs.Path, r Reason) {
	if o.Ping.Outcome == NotAsked || o.Late {
		return canary, failed(o.Clients.Answer)
	}
	if e.cluster == "" {
		return canary, Reason{Code: ClusterUnknown}
	}
	for _, a := range []Answer{o.Ping.Answer, o.Clients.Answer} {
		if r := failed(a); r.Code != "" {
			return canary, r
		}
	}
	if o.Ping.AgentVersion == "" && !o.showsAny() {
		return canary, o.unversioned()
	}
	if e.serverPending(o.MDS) {
		return canary, Reason{Code: NoReply, Detail: "it has not said which server it runs on"}
	}
	if o.Clients.Outcome != Answered {
		return canary, Reason{Code: NoReply, Detail: "not asked"}
	}
	if !e.inOrder(round, o) {
		return canary, Reason{Code: Stale}
	}
	if o.Clients.shows() {
		return e.Volume, Reason{}
	}
	return e.canary(round, o)
}

// canary returns a volume that the MDS listed a client for, after it listed none for
// the volume of the check: so it was able to list after that list. It
// was synced before the list by its ping, or by another client that it listed in
// between. All of it is within a span, in which no agent restarts and is synced
// again.
func (e *evaluation) canary(round *Round, o *Observation) (canary zbs.Path, r Reason) {
	if o.Survey == nil {
		return canary, Reason{Code: ListingUnproved}
	}
	synced, lists := o.Ping.AgentVersion != "", false
	r = Reason{Code: ListingUnproved}
	for _, list := range o.Survey.Lists {
		if !list.shows() {
			continue
		}
		synced = synced || o.before(list.Answer)
		if !lists && e.after(round, o, list.Answer) {
			canary, lists = list.Volume, true
		}
		if synced && lists {
			return canary, Reason{}
		}
		r = Reason{Code: Stale}
	}
	if r.Code == Stale && !synced {
		r.Detail = "its ping names no agentVersion, and it listed nobody between the ping and the list of the volume"
	}
	return zbs.Path{}, r
}

// after reports whether the query was sent after the list of the volume, and
// answered within the round and a span.
func (e *evaluation) after(round *Round, o *Observation, a Answer) bool {
	return a.Asked >= o.Clients.ended() && a.during(round.Took) && time.Duration(a.ended()-o.Ping.Asked) <= e.Terms.Timing.Span
}

// before reports whether the query was sent after the ping, and answered
// before the volume was asked for.
func (o *Observation) before(a Answer) bool {
	return a.Asked >= o.Ping.ended() && a.during(o.Clients.Asked)
}

// showsAny reports whether the MDS listed a client for any volume.
func (o *Observation) showsAny() bool {
	return o.Clients.shows() ||
		o.Survey != nil && slices.ContainsFunc(o.Survey.Lists, func(l VolumeList) bool { return l.shows() })
}

// unversioned is why an agent does not count whose ping names no agentVersion and which
// lists no client for any volume.
func (o *Observation) unversioned() Reason {
	if o.Generation != "" {
		return Reason{Code: SyncUntold, Detail: "generation " + o.Generation}
	}
	return Reason{Code: Unsynced}
}

// inOrder reports whether list followed ping, both asked after the check and the
// round began, and answered within it and a span.
func (e *evaluation) inOrder(round *Round, o *Observation) bool {
	return round.Began >= 0 && o.Ping.during(round.Took) && o.Clients.during(round.Took) &&
		o.Clients.Asked >= o.Ping.ended() &&
		time.Duration(o.Clients.ended()-o.Ping.Asked) <= e.Terms.Timing.Span
}

// failed returns the reason why a query got no answer.
func failed(a Answer) Reason {
	switch a.Outcome {
	case NotAsked, Answered:
		return Reason{}
	case Malformed:
		return Reason{Code: MalformedReply, Detail: a.Error}
	case TooOld:
		return Reason{Code: AgentTooOld, Detail: a.Error}
	case Refused, Missing:
		return Reason{Code: RefusedReply, Detail: a.Error}
	default:
		return Reason{Code: NoReply, Detail: a.Error}
	}
}

// exists requires one MDS of the cluster to confirm that the volume exists. Any
// MDS of the cluster can deny it.
func (e *evaluation) exists(k int, round *Round) bool {
	known := false
	for _, x := range round.Existence {
		if e.wrongMDS(round, x.MDS) {
			continue
		}
		if x.Outcome == Missing {
			e.block(Reason{Code: VolumeMissing, MDS: x.MDS, Round: k + 1})
			return false
		}
		known = known || x.Outcome == Answered && x.during(round.Took) && pinged(round, x.MDS)
	}
	return known
}

// pinged reports whether the MDS confirmed its cluster by a ping in the round. The
// ping of a late observation is of an earlier one.
func pinged(round *Round, mds zbs.Addr) bool {
	return slices.ContainsFunc(round.Observations, func(o Observation) bool {
		return o.MDS == mds && o.Ping.Outcome == Answered && !o.Late
	})
}
