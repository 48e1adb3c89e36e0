package proof

import (
	"iter"
	"slices"

	"github.com/zbsclient/zbsclient/zbs"
)

// observations returns the observations of round k at MDS of the right cluster.
func (e *evaluation) observations(k int) iter.Seq[*Observation] {
	return func(yield func(*Observation) bool) {
		round := &e.Evidence.Rounds[k]
		for i := range round.Observations {
			if o := &round.Observations[i]; !e.wrong(o) && !yield(o) {
				return
			}
		}
	}
}

// clients are those that the MDS listed for the volume, when it was asked for it
// and when it was asked for it again among the volumes known to be open.
func (e *evaluation) clients(o *Observation) []zbs.Client {
	again := o.Survey.read(e.inv).clients[e.Volume]
	if len(again) == 0 {
		return o.Clients.Clients
	}
	return slices.Concat(o.Clients.Clients, again)
}

// holders collects the hosts that have the volume open (rule 7). A client counts
// although its MDS does not, whatever else is wrong with the round: only the
// lists of an MDS that is of another cluster are about another volume.
func (e *evaluation) holders() []Holder {
	var all []Holder
	for k := range e.Evidence.Rounds {
		for o := range e.observations(k) {
			for _, c := range e.clients(o) {
				h := holderOf(&all, e.nameOf(c), e.standing(c))
				h.Clients, h.MDS, h.Rounds = addOnce(h.Clients, c), addOnce(h.MDS, o.MDS), addOnce(h.Rounds, k+1)
			}
		}
		for _, s := range e.Evidence.Rounds[k].Statements {
			if s.Outcome == Answered && s.Open {
				h := holderOf(&all, s.Host, e.standingOf(s.Host))
				h.Witness, h.Rounds = true, addOnce(h.Rounds, k+1)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Holder) int { return int(a.Standing) - int(b.Standing) })
	return all
}

// holderOf returns the holder of the name, made if it is new.
func holderOf(all *[]Holder, name string, standing Standing) *Holder {
	i := slices.IndexFunc(*all, func(h Holder) bool { return h.Host == name })
	if i < 0 {
		i = len(*all)
		*all = append(*all, Holder{Host: name, Standing: standing})
	}
	h := &(*all)[i]
	h.Standing = min(h.Standing, standing)
	return h
}

func addOnce[E comparable](s []E, v E) []E {
	if slices.Contains(s, v) {
		return s
	}
	return append(s, v)
}

// nameOf returns the host of the client by its name in the inventory, else by the
// address as the agent wrote it.
func (e *evaluation) nameOf(c zbs.Client) string {
	if i, ok := e.inv.OfClient(c.IP); ok {
		return e.inv.At(i).Name
	}
	return c.IP
}

// standing decides about one client that was listed. An address that belongs to
// no host, or that cannot be read, is foreign.
func (e *evaluation) standing(c zbs.Client) Standing {
	if i, ok := e.inv.OfClient(c.IP); ok {
		return e.hosts[i].standing
	}
	addr, ok := HostAddr(c.IP)
	if !ok || e.inv.Len() > 0 {
		return Foreign
	}
	for _, allowed := range e.Terms.Allowed { // by address, where there is no inventory
		if own, ok := HostAddr(allowed); ok && own == addr {
			return Allowed
		}
	}
	return Foreign
}

func (e *evaluation) standingOf(host string) Standing {
	if i, ok := e.inv.Find(host); ok {
		return e.hosts[i].standing
	}
	return Foreign
}
