package proof

import (
	"slices"

	"github.com/zbsclient/zbsclient/zbs"
)

// stand says of each host whether it is allowed or fenced. A host without either
// is Foreign.
func (e *evaluation) stand() {
	for _, name := range e.Terms.Allowed {
		if i, ok := e.inv.Find(name); ok {
			e.hosts[i].standing = Allowed
		}
	}
	for _, a := range e.Terms.Fences {
		i, ok := e.inv.Find(a.Host)
		if !ok || e.hosts[i].standing == Allowed {
			continue
		}
		if r := e.invalid(a); r.Code == "" {
			e.hosts[i].standing = Fenced
		} else if e.hosts[i].standing != Fenced {
			e.hosts[i].remark = r
		}
	}
}

// expect finds the hosts that must be accounted for: those in service with the
// pool, any that an MDS lists, whatever the inventory says of it, and any that the
// inventory itself names as having the volume open.
func (e *evaluation) expect() {
	for i := range e.hosts {
		host := e.inv.At(i)
		e.hosts[i].expected = host.State == InService && host.Attached(e.Volume.Pool) || e.everSeen(i) || e.namedOpen(i)
	}
}

func (e *evaluation) everSeen(i int) bool {
	return slices.ContainsFunc(e.rounds, func(r roundReading) bool { return r.seen.Has(i) })
}

// excuse finds the hosts that are accounted for whatever the lists show. A host
// that the inventory names as having the volume open is not excused by being
// visible: its client may have vanished from the list by itself.
func (e *evaluation) excuse() {
	for i := range e.hosts {
		h := &e.hosts[i]
		switch {
		case !h.expected:
			h.excused = OutOfPool
			if e.inv.At(i).State == Maintenance {
				h.excused = InMaintenance
			}
		case h.standing == Allowed:
			h.excused = AllowedHost
		case h.standing == Fenced:
			h.excused = FencedHost
		case e.vouched(i):
			h.excused = Vouched
		case e.selfFenced(i):
			h.excused = SelfFenced
		}
	}
}

// vouched reports whether a witness says, in the last round, that host i does not
// have the volume open.
func (e *evaluation) vouched(i int) bool {
	if len(e.Evidence.Rounds) == 0 {
		return false
	}
	round := &e.Evidence.Rounds[len(e.Evidence.Rounds)-1]
	vouches := false
	for _, s := range round.Statements {
		if s.Host != e.inv.At(i).Name {
			continue
		}
		switch {
		case s.Outcome != Answered:
			e.remark(i, "its witness did not answer: "+s.Error)
			return false
		case s.Open:
			return false // holders says so
		case s.At < 0 || s.At > s.ended() || s.ended() > round.Took || s.Asked < 0:
			e.remark(i, "the answer of its witness is not of this round")
			return false
		}
		vouches = true
	}
	return vouches
}

// hostProofs says how each host was accounted for in round k.
func (e *evaluation) hostProofs(k int) []HostProof {
	if k < 0 {
		return nil
	}
	proofs := make([]HostProof, len(e.hosts))
	for i, h := range e.hosts {
		proofs[i] = HostProof{e.inv.At(i).Name, h.excused}
		if h.excused == MeansNone && !e.namedOpen(i) && e.rounds[k].visible.Has(i) {
			proofs[i].Means = Visible
		}
	}
	return proofs
}

// namedOpen reports whether the inventory names the volume as open on host i.
func (e *evaluation) namedOpen(i int) bool { return slices.Contains(e.inv.At(i).Open, e.Volume) }

// mayShow reports whether some query of the check may show host i: a volume
// that is known to be open on it, a canary of the caller, or a heartbeat volume
// that is seen to be kept open.
func (e *evaluation) mayShow(i int) bool {
	if len(e.inv.At(i).Open) > 0 || e.Terms.Canary != (zbs.Path{}) {
		return true
	}
	for k := range e.rounds {
		for o := range e.observations(k) {
			if o.Survey != nil && slices.ContainsFunc(o.Survey.Lists, VolumeList.heartbeat) {
				return true
			}
		}
	}
	return false
}

// heartbeat reports whether the list shows that hosts keep a heartbeat volume
// open.
func (l VolumeList) heartbeat() bool { return l.shows() && l.Volume.Volume == HeartbeatVolume }
