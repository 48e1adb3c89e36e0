package proof

import (
	"slices"
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// invalid returns why the attestation proves nothing for this check, or a reason
// without a code.
func (e *evaluation) invalid(a Attestation) Reason {
	age := e.BeganAt.Sub(a.At)
	switch {
	case age < 0:
		r := Reason{Code: FenceLater, Detail: a.Host}
		e.note(r)
		return r
	case age > time.Duration(e.Terms.MaxFenceAge):
		return Reason{Code: FenceOld, Detail: a.Host + ", attested " + age.Round(time.Second).String() + " ago"}
	}
	return Reason{}
}

// breakFences takes the standing from fenced hosts that show a sign of life.
func (e *evaluation) breakFences() {
	for i := range e.hosts {
		if e.hosts[i].standing != Fenced {
			continue
		}
		if k, alive := e.signOfLife(i); alive {
			e.hosts[i].standing = Foreign
			e.hosts[i].remark = Reason{Code: FenceBroken, Round: k + 1, Detail: e.inv.At(i).Name}
			e.note(e.hosts[i].remark)
		}
	}
}

// signOfLife returns the round that shows fenced host i to be back. What was
// registered before the host went down stays in the registry for RegistryExpiry
// and at most a Refresh; a list from later than that, and a client that an
// earlier round did not have, are of a host that runs.
func (e *evaluation) signOfLife(i int) (k int, alive bool) {
	fenced := e.fencedAt(i)
	for k := range e.rounds {
		round := &e.Evidence.Rounds[k]
		begin := e.BeganAt.Add(time.Duration(round.Began))
		switch {
		case e.rounds[k].seen.Has(i) && begin.Sub(fenced) > e.Terms.Timing.signOfLife():
			return k, true
		case slices.ContainsFunc(e.clientsOf(i, k), func(c zbs.Client) bool { return e.reappeared(c, k) }):
			return k, true
		case slices.ContainsFunc(round.Statements, func(s Statement) bool { return e.livesAfter(s, i, begin, fenced) }):
			return k, true
		}
	}
	return 0, false
}

// fencedAt is when the host was fenced, by the latest attestation that holds.
func (e *evaluation) fencedAt(i int) (at time.Time) {
	for _, a := range e.Terms.Fences {
		if j, ok := e.inv.Find(a.Host); ok && j == i && e.invalid(a).Code == "" && a.At.After(at) {
			at = a.At
		}
	}
	return at
}

// livesAfter reports whether a witness saw the host alive after it was fenced.
func (e *evaluation) livesAfter(s Statement, i int, begin, fenced time.Time) bool {
	return s.Host == e.inv.At(i).Name && s.Outcome == Answered &&
		(s.Open || s.LastAlive != nil && begin.Add(time.Duration(*s.LastAlive)).After(fenced))
}

// clientsOf returns the clients of host i that any MDS of the cluster listed for
// the volume in round k.
func (e *evaluation) clientsOf(i, k int) (clients []zbs.Client) {
	for o := range e.observations(k) {
		for _, c := range e.clients(o) {
			if j, ok := e.inv.OfClient(c.IP); ok && j == i {
				clients = addOnce(clients, c)
			}
		}
	}
	return clients
}

// reappeared reports whether the client is new: an earlier round in which some MDS proved
// that it can list did not have it. A host that is off does not register.
func (e *evaluation) reappeared(c zbs.Client, k int) bool {
	for earlier := range k {
		if len(e.rounds[earlier].listing) > 0 && !e.listed(c, earlier) {
			return true
		}
	}
	return false
}

func (e *evaluation) listed(c zbs.Client, k int) bool {
	for o := range e.observations(k) {
		if slices.Contains(e.clients(o), c) {
			return true
		}
	}
	return false
}
