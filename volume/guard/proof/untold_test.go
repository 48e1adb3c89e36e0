package proof_test

import (
	"slices"
	"testing"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// silentPing makes an MDS answer its ping without an agentVersion.
func silentPing(o *proof.Observation) { o.Ping.AgentVersion = "" }

// before adds the list of a volume that is open on kvm-1, asked between the ping
// and the list of the volume.
func before(o *proof.Observation) {
	early := proof.VolumeList{Volume: disk(1), ListAnswer: proof.ListAnswer{Answer: answer(5 * ms), Clients: []zbs.Client{client(ipOf(1))}}}
	o.Survey.Lists = slices.Insert(o.Survey.Lists, 0, early)
}

// untold is an MDS whose ping names no agentVersion, and which lists a client
// before it lists the volume and after that.
func untold(o *proof.Observation) {
	silentPing(o)
	onlyLast(o)
	before(o)
}

// Without an agentVersion the agent must have listed a client before the volume's
// list began and after it ended.
func TestRule2Untold(t *testing.T) {
	want(t, "a proof before and one after", proof.Free, "", allAllowed, on(0, untold))
	want(t, "the order of the lists in the report does not matter", proof.Free, "", allAllowed, on(0, untold), on(0, func(o *proof.Observation) {
		slices.Reverse(o.Survey.Lists)
	}))
	want(t, "the volume's own list is proof enough", proof.Free, "", allAllowed, on(0, func(o *proof.Observation) {
		silentPing(o)
		o.Survey = nil
	}), lists(0, ipOf(1)))
	want(t, "a list from before shows a host as well as one from after", proof.Free, "", on(0, untold), on(0, func(o *proof.Observation) {
		o.Survey.Lists[0].Clients = []zbs.Client{client(ipOf(1)), client(ipOf(2))}
	}))
	for why, spoil := range map[string]func(r *proof.Round, o *proof.Observation){
		"synced between the list and the proof": func(_ *proof.Round, o *proof.Observation) { onlyLast(o) },
		"nobody before, somebody after":         func(_ *proof.Round, o *proof.Observation) { o.Survey.Lists[0].Clients = []zbs.Client{} },
		"the list before was refused":           func(_ *proof.Round, o *proof.Observation) { o.Survey.Lists[0].Outcome = proof.Refused },
		"restarted before the list":             func(_ *proof.Round, o *proof.Observation) { o.Survey.Lists = o.Survey.Lists[:1] },
		"somebody before, nobody after":         func(_ *proof.Round, o *proof.Observation) { lastList(o).Clients = []zbs.Client{} },
		"restarted between, and synced again":   func(r *proof.Round, o *proof.Observation) { r.Took, lastList(o).Took = 10*second, 6*second },
		"the list before began before the ping": func(_ *proof.Round, o *proof.Observation) { o.Survey.Lists[0].Asked = 4 * ms },
		"the list before is of no round":        func(_ *proof.Round, o *proof.Observation) { o.Survey.Lists[0].Asked = -second },
		"the list before ended behind it":       func(_ *proof.Round, o *proof.Observation) { o.Survey.Lists[0].Took = 6 * ms },
		"the list before is of no time":         func(_ *proof.Round, o *proof.Observation) { o.Survey.Lists[0].Took = -1 },
		"the list after began before it ended":  func(_ *proof.Round, o *proof.Observation) { lastList(o).Asked = 14 * ms },
	} {
		want(t, why, proof.Unknown, proof.Stale, allAllowed, on(0, untold), func(c *proof.Case) {
			r := &c.Evidence.Rounds[1]
			for i := range 2 {
				spoil(r, &r.Observations[i])
			}
		})
	}
}

// An agent without an agentVersion that lists nobody may be unsynced, or of a
// generation that never says whether it is synced.
func TestRule2NeverTells(t *testing.T) {
	nobody := func(o *proof.Observation) {
		untold(o)
		empty(o)
	}
	want(t, "nobody at all", proof.Unknown, proof.Unsynced, allAllowed, on(2, nobody, 0, 1))
	d := want(t, "of a generation that never tells", proof.Unknown, proof.SyncUntold, allAllowed, on(2, func(o *proof.Observation) {
		nobody(o)
		o.Generation = "G7e"
	}, 0, 1))
	i := slices.IndexFunc(d.Reasons, func(r proof.Reason) bool { return r.Code == proof.SyncUntold })
	if i >= 0 && (d.Reasons[i].Detail != "generation G7e" || d.Reasons[i].MDS != mdsAt(0)) || hasCode(d.Reasons, proof.Unsynced) {
		t.Errorf("reasons %v, want the generation, and nothing of a sync", d.Reasons)
	}
	want(t, "a version outweighs the generation", proof.Unknown, proof.ListingUnproved, allAllowed, on(2, func(o *proof.Observation) {
		o.Generation, o.Survey = "G7e", nil
	}, 0, 1))
}
