package proof_test

import (
	"slices"
	"testing"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// tooOld is what comes of an MDS whose agent is too old to be asked.
func tooOld(mds zbs.Addr) proof.Observation {
	return proof.Observation{MDS: mds, Ping: proof.PingAnswer{Answer: proof.Answer{Outcome: proof.TooOld, Error: "ZStack 5.4.0"}}}
}

// An agent that is too old counts as one that is down, and the reason says what it
// is.
func TestRule5TooOld(t *testing.T) {
	old := func(o *proof.Observation) { *o = tooOld(o.MDS) }
	unnamed := func(c *proof.Case) {
		for i := range 2 {
			c.Evidence.Identities[i] = proof.Identity{MDS: mdsAt(i), Outcome: proof.TooOld, Error: "ZStack 5.4.0"}
		}
	}
	want(t, "one of three", proof.Free, proof.AgentTooOld, on(0, old, 0))
	want(t, "a majority", proof.Unknown, proof.AgentTooOld, on(2, old, 0, 1))
	d := want(t, "so no majority names a cluster", proof.Unknown, proof.ClusterUnknown, unnamed)
	i := slices.IndexFunc(d.Reasons, func(r proof.Reason) bool { return r.Code == proof.AgentTooOld && r.MDS == mdsAt(1) })
	if i < 0 || d.Reasons[i].Detail != "ZStack 5.4.0" || d.Open {
		t.Errorf("reasons %v, open %t; want what the agents are, and no further round", d.Reasons, d.Open)
	}
	want(t, "its list is not taken for one", proof.Unknown, proof.AgentTooOld, allAllowed, on(2, func(o *proof.Observation) {
		o.Clients.Outcome = proof.TooOld
	}, 0, 1))
}
