package proof_test

import (
	"errors"
	"testing"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// names makes an MDS name this cluster by its facts.
func names(mds int, cluster string) change {
	return func(c *proof.Case) { c.Evidence.Identities[mds].Cluster = cluster }
}

// refusesPing makes an MDS refuse the ping and name this cluster; "": none.
func refusesPing(k int, cluster string, mds ...int) change {
	return on(k, func(o *proof.Observation) {
		o.Ping.Outcome, o.Ping.AgentVersion, o.Cluster = proof.Refused, "", cluster
	}, mds...)
}

func TestRule1Identity(t *testing.T) {
	const another = "another"
	want(t, "one MDS of another cluster by its facts", proof.Unknown, proof.WrongCluster, names(2, another))
	want(t, "one MDS of another cluster by its ping", proof.Unknown, proof.WrongCluster, refusesPing(2, another, 2))
	want(t, "two of three name two clusters", proof.Unknown, proof.ClusterUnknown, names(0, another), names(1, ""))
	d := want(t, "it is said once of all MDS", proof.Unknown, proof.ClusterUnknown, names(0, "another"), names(1, ""))
	if r := d.Reasons[0]; r.Code != proof.ClusterUnknown || !r.MDS.IsZero() || d.Open {
		t.Errorf("first %+v, open %t", r, d.Open)
	}
	want(t, "a majority is of the configured MDS, not of those that answer", proof.Unknown, proof.ClusterUnknown,
		names(0, ""), names(1, ""))
	want(t, "all are of a cluster that is not expected", proof.Unknown, proof.WrongCluster, expectCluster("mine"))
	want(t, "the expected cluster", proof.Free, "", expectCluster("ours"))
	want(t, "the expected cluster needs no majority", proof.Free, "", expectCluster("ours"), names(0, ""), names(1, ""))
	want(t, "a storage too old to name its cluster", proof.Unknown, proof.ClusterUnknown, names(0, ""), names(1, ""), names(2, ""))

	want(t, "an MDS that confirms the cluster by no ping does not count", proof.Unknown, proof.NoQuorum,
		refusesPing(2, "", 0, 1))
	want(t, "one that was not pinged does not count", proof.Unknown, proof.NoQuorum,
		on(2, func(o *proof.Observation) { o.Ping = proof.PingAnswer{} }, 0, 1))

	// The lists of another cluster's MDS are about another volume.
	d = want(t, "a client of another cluster's volume", proof.Unknown, proof.WrongCluster,
		refusesPing(0, another, 2), lists(0, ipOf(2), 2))
	if len(d.Holders) != 0 {
		t.Errorf("holders %v, want none", d.Holders)
	}
	want(t, "by facts, when the ping says nothing", proof.Unknown, proof.WrongCluster,
		names(2, another), refusesPing(0, "", 2), lists(0, ipOf(2), 2))
	want(t, "the ping is later proof than what facts said", proof.InUse, "", names(2, another), lists(0, ipOf(2), 2))
	want(t, "without a known cluster every client counts", proof.InUse, "",
		names(0, ""), names(1, ""), names(2, ""), refusesPing(0, another, 2), lists(0, ipOf(2), 2))
	for why, c := range map[string]change{
		"another cluster's MDS shows strangers": lists(0, "10.9.9.9", 2),
		"and does not have the volume": func(c *proof.Case) {
			for k := range c.Evidence.Rounds {
				c.Evidence.Rounds[k].Existence[2].Outcome = proof.Missing
			}
		},
	} {
		d := want(t, why, proof.Unknown, proof.WrongCluster, refusesPing(0, another, 2), c)
		if hasCode(d.Reasons, proof.VolumeMissing) || hasCode(d.Reasons, proof.InventoryIncomplete) {
			t.Errorf("%s: reasons %v", why, d.Reasons)
		}
	}
	if err := reportOf(names(2, another)).Err(nil); !errors.Is(err, proof.ErrUndetermined) || !errors.Is(err, zbs.ErrWrongCluster) {
		t.Errorf("%v, want ErrUndetermined and ErrWrongCluster", err)
	}
}

func TestMajority(t *testing.T) {
	ids := func(clusters ...string) (ids []proof.Identity) {
		for _, c := range clusters {
			ids = append(ids, proof.Identity{Cluster: c})
		}
		return ids
	}
	for _, c := range []struct {
		n    int
		ids  []proof.Identity
		want string
	}{
		{3, ids("a", "a", "b"), "a"},
		{3, ids("b", "a", "a"), "a"},
		{4, ids("a", "a", "b", "c"), ""},
		{4, ids("a", "a", "a"), "a"},
		{3, ids("a"), ""},
		{3, ids("", "", "a"), ""},
		{1, ids("a"), "a"},
		{0, nil, ""},
	} {
		if got := proof.Majority(c.ids, c.n); got != c.want {
			t.Errorf("of %d, %v: %q, want %q", c.n, c.ids, got, c.want)
		}
	}
}
