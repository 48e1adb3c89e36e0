package proof_test

import (
	"testing"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// lastList changes the last list of other volumes, by which an MDS shows kvm-3.
func lastList(o *proof.Observation) *proof.VolumeList { return &o.Survey.Lists[len(o.Survey.Lists)-1] }

// onlyLast leaves an MDS the last list of its survey alone.
func onlyLast(o *proof.Observation) {
	o.Survey.Lists = o.Survey.Lists[len(o.Survey.Lists)-1:]
}

// allAllowed takes every host for allowed, so that the lists of other volumes have
// nothing to show but that an MDS can list.
func allAllowed(c *proof.Case) {
	for i := range 3 {
		allow(kvm(i + 1))(c)
	}
}

// empty makes an MDS list nobody for other volumes.
func empty(o *proof.Observation) {
	for i := range o.Survey.Lists {
		o.Survey.Lists[i].Clients = []zbs.Client{}
	}
}

func TestRule2Listing(t *testing.T) {
	unsynced := func(o *proof.Observation) { o.Ping.AgentVersion = "" }
	want(t, "one unsynced agent", proof.Free, "", on(0, unsynced, 0))
	want(t, "a majority unsynced", proof.Unknown, proof.Unsynced, on(2, unsynced, 0, 1), on(2, empty, 0, 1))
	lost := func(o *proof.Observation) { o.Survey = nil }
	want(t, "no list of other volumes", proof.Unknown, proof.ListingUnproved, allAllowed, on(2, lost, 0, 1))
	want(t, "lists that name nobody", proof.Unknown, proof.ListingUnproved, allAllowed, on(2, empty, 0, 1))
	refused := func(o *proof.Observation) {
		for i := range o.Survey.Lists {
			o.Survey.Lists[i].Outcome = proof.Refused
		}
	}
	want(t, "lists that were refused", proof.Unknown, proof.ListingUnproved, allAllowed, on(2, refused, 0, 1))
	want(t, "one list is enough", proof.Free, "", allAllowed, on(0, onlyLast))
	want(t, "the volume's own list is proof enough", proof.Free, "", allAllowed, on(0, lost), lists(0, ipOf(1)))
	want(t, "also in bulk, where it stands among the others", proof.Free, "", allAllowed, on(0, func(o *proof.Observation) {
		o.Clients.Clients = []zbs.Client{client(ipOf(1))}
		o.Survey.Lists = []proof.VolumeList{{Volume: volume, ListAnswer: o.Clients}}
	}))
	want(t, "not asked for clients", proof.Unknown, proof.NoReply, on(2, func(o *proof.Observation) { o.Clients = proof.ListAnswer{} }, 0, 1))
	for outcome, code := range map[proof.Outcome]proof.Code{
		proof.NoAnswer: proof.NoReply, proof.Malformed: proof.MalformedReply, proof.Refused: proof.RefusedReply, proof.Missing: proof.RefusedReply,
	} {
		want(t, "list "+outcome.String(), proof.Unknown, code, on(2, func(o *proof.Observation) { o.Clients.Outcome = outcome }, 0, 1))
		want(t, "ping "+outcome.String(), proof.Unknown, code, on(2, func(o *proof.Observation) { o.Ping.Outcome = outcome }, 0, 1))
	}
}

// What comes out of order, too late or from before the check does not count. A
// Guard never asks so, but a report may say it did.
func TestRule2Order(t *testing.T) {
	for why, spoil := range map[string]func(r *proof.Round, o *proof.Observation){
		"list before ping":        func(_ *proof.Round, o *proof.Observation) { o.Ping.Asked = 11 * ms },
		"list during ping":        func(_ *proof.Round, o *proof.Observation) { o.Ping.Took = 11 * ms },
		"proof before list":       func(_ *proof.Round, o *proof.Observation) { lastList(o).Asked = 9 * ms },
		"proof during list":       func(_ *proof.Round, o *proof.Observation) { lastList(o).Asked = 14 * ms },
		"proof behind round":      func(_ *proof.Round, o *proof.Observation) { lastList(o).Took = roundTook },
		"proof of no time":        func(_ *proof.Round, o *proof.Observation) { lastList(o).Took = -1 },
		"list behind round":       func(_ *proof.Round, o *proof.Observation) { o.Clients.Took = roundTook },
		"ping before round":       func(_ *proof.Round, o *proof.Observation) { o.Ping.Asked = -1 },
		"ping of no time":         func(_ *proof.Round, o *proof.Observation) { o.Ping.Took = -1 },
		"list of no time":         func(_ *proof.Round, o *proof.Observation) { o.Clients.Took = -1 },
		"ping behind round":       func(r *proof.Round, o *proof.Observation) { r.Took, o.Clients.Took = 4*ms, -6*ms },
		"round before check":      func(r *proof.Round, _ *proof.Observation) { r.Began = -1 },
		"list a span behind ping": func(r *proof.Round, o *proof.Observation) { r.Took, o.Clients.Took = 10*second, 6*second },
		"proof a span behind":     func(r *proof.Round, o *proof.Observation) { r.Took, lastList(o).Took = 10*second, 6*second },
	} {
		for _, own := range []bool{false, true} { // proved by another volume, or by its own list
			if own && why[:5] == "proof" {
				continue
			}
			want(t, why, proof.Unknown, proof.Stale, allAllowed, on(0, onlyLast), func(c *proof.Case) {
				r := &c.Evidence.Rounds[1]
				for i := range 2 {
					o := &r.Observations[i]
					if own {
						o.Clients.Clients = []zbs.Client{client(ipOf(1))}
					}
					spoil(r, o)
				}
			})
		}
	}
	want(t, "one list out of order beside one in order", proof.Free, "", allAllowed,
		on(0, func(o *proof.Observation) { o.Survey.Lists[0].Asked = 0 }))
	want(t, "in a span to the moment", proof.Free, "", allAllowed, on(0, onlyLast), inRound(2, func(r *proof.Round) {
		r.Took = 10 * second
		for i := range r.Observations {
			list := lastList(&r.Observations[i])
			list.Took = 6*second - list.Asked
		}
	}))
}
