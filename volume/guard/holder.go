package guard

import (
	"net/netip"
	"slices"
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// Standing says what a holder means for the verdict. The zero Standing is
// Foreign.
type Standing uint8

const (
	Foreign Standing = iota // must not have the volume open
	Fenced                  // attested to write no more
	Allowed                 // AllowHost
)

var standingNames = []string{Foreign: "foreign", Fenced: "fenced", Allowed: "allowed"}

// String returns "foreign", "fenced" or "allowed".
func (s Standing) String() string { return nameOf(standingNames, s) }

// MarshalText returns String.
func (s Standing) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (s *Standing) UnmarshalText(text []byte) error { return readName(standingNames, s, text) }

// Holder is a host that some MDS listed in some round as having the volume open.
type Holder struct {
	Host     string       `json:"host"` // as the agent wrote it; empty when it left it out
	Standing Standing     `json:"standing"`
	Clients  []zbs.Client `json:"clients"` // as listed, each once
	MDS      []zbs.Addr   `json:"mds"`     // who listed it
	Rounds   []int        `json:"rounds"`  // in which rounds, from 1
}

func (h Holder) name() string {
	if h.Host == "" {
		return "a host without an address"
	}
	return h.Host
}

// holders collects who was listed. A client counts although its MDS does not,
// whatever else is wrong with the round: only the lists of an MDS that is of
// another cluster are about another volume.
func (j *judging) holders() []Holder {
	var all []Holder
	for k, round := range j.ev.Rounds {
		for i := range round.Observations {
			o := &round.Observations[i]
			if j.wrong(o) {
				continue
			}
			for _, c := range o.Clients.Clients {
				all = addHolder(all, c, j.standing(c, k), o.MDS, k+1)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Holder) int { return int(a.Standing) - int(b.Standing) })
	return all
}

func addHolder(all []Holder, c zbs.Client, standing Standing, mds zbs.Addr, round int) []Holder {
	i := slices.IndexFunc(all, func(h Holder) bool { return h.Host == c.IP })
	if i < 0 {
		i = len(all)
		all = append(all, Holder{Host: c.IP, Standing: standing})
	}
	h := &all[i]
	h.Standing = min(h.Standing, standing)
	h.Clients = addOnce(h.Clients, c)
	h.MDS = addOnce(h.MDS, mds)
	h.Rounds = addOnce(h.Rounds, round)
	return all
}

func addOnce[E comparable](s []E, e E) []E {
	if slices.Contains(s, e) {
		return s
	}
	return append(s, e)
}

// standing decides about one client that was listed in round k. Without an
// address that can be read it is nobody we allow.
func (j *judging) standing(c zbs.Client, k int) Standing {
	host, ok := hostAddr(c.IP)
	if !ok {
		return Foreign
	}
	if slices.Contains(j.terms.Allowed, host) {
		return Allowed
	}
	if !j.fenced(host, k) {
		return Foreign
	}
	if j.cameBack(c, k) {
		j.note(Reason{Code: FenceBroken, Round: k + 1, Detail: c.IP})
		return Foreign
	}
	return Fenced
}

// fenced reports whether an attestation holds for the host in round k, which
// must have begun after it.
func (j *judging) fenced(host netip.Addr, k int) bool {
	begin := j.began.Add(time.Duration(j.ev.Rounds[k].Began))
	for _, a := range j.terms.Fences {
		if a.Host != host {
			continue
		}
		if !begin.Before(a.At) {
			return true
		}
		j.note(Reason{Code: FenceLater, Round: k + 1, Detail: host.String()})
	}
	return false
}

// cameBack reports whether the client is new: an earlier round, in which some
// MDS proved that it can list, did not have it. What writes no more does not
// register.
func (j *judging) cameBack(c zbs.Client, k int) bool {
	for e := range k {
		if j.counted[e] > 0 && !j.listed(c, e) {
			return true
		}
	}
	return false
}

func (j *judging) listed(c zbs.Client, k int) bool {
	for i := range j.ev.Rounds[k].Observations {
		if o := &j.ev.Rounds[k].Observations[i]; !j.wrong(o) && slices.Contains(o.Clients.Clients, c) {
			return true
		}
	}
	return false
}
