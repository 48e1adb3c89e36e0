package proof_test

import (
	"slices"
	"testing"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

// serial makes MDS tell this serial number; "": none.
func serial(number string, mds ...int) change {
	return func(c *proof.Case) {
		for _, i := range mds {
			c.Evidence.Identities[i].Server = number
		}
	}
}

func TestRule5Quorum(t *testing.T) {
	want(t, "two of three", proof.Free, "", down(0, 0))
	want(t, "two of three, all wanted", proof.Unknown, proof.NoQuorum, down(0, 0), policy(proof.All))
	want(t, "all of three, all wanted", proof.Free, "", policy(proof.All))
	want(t, "one of three", proof.Unknown, proof.NoQuorum, down(0, 0, 1))
	want(t, "one of three in the first round", proof.Unknown, proof.TooFewRounds, down(1, 0, 1))
	want(t, "three of four", proof.Free, "", mdsCount(4), down(0, 0))
	want(t, "half of four is no majority", proof.Unknown, proof.NoQuorum, mdsCount(4), down(0, 0, 1))
	want(t, "one of two", proof.Unknown, proof.NoQuorum, mdsCount(2), down(0, 0))
	want(t, "a list of one MDS", proof.Free, proof.SingleMDS, mdsCount(1))
	want(t, "no MDS at all", proof.Unknown, "", mdsCount(0), expectCluster("ours"))

	want(t, "no MDS is configured, all wanted", proof.Unknown, proof.NoQuorum, expectCluster("ours"), policy(proof.All),
		func(c *proof.Case) { c.Evidence.MDS = nil })

	want(t, "an MDS that answers twice counts once", proof.Unknown, proof.NoQuorum, down(0, 0, 1), func(c *proof.Case) {
		for k := range c.Evidence.Rounds {
			r := &c.Evidence.Rounds[k]
			r.Observations = append(r.Observations, r.Observations[2])
		}
	})
	want(t, "an MDS that is not configured does not count", proof.Unknown, proof.NoQuorum, down(0, 0), func(c *proof.Case) {
		for k := range c.Evidence.Rounds {
			c.Evidence.Rounds[k].Observations[1].MDS.Host = "mds-x"
		}
	})
}

func TestRule5Servers(t *testing.T) {
	d := want(t, "three addresses of one server", proof.Unknown, proof.SameServer, serial("one", 0, 1, 2))
	if d.Open {
		t.Error("a further round is to help although the list names one server")
	}
	want(t, "three of one server, all wanted", proof.Unknown, proof.SameServer, serial("one", 0, 1, 2), policy(proof.All))
	want(t, "two addresses of one server, and another", proof.Free, proof.SameServer, serial("one", 0, 1))
	want(t, "two addresses of one server count once", proof.Unknown, proof.NoQuorum, serial("one", 0, 1), down(0, 2))
	want(t, "of five addresses two are one server", proof.Free, proof.SameServer, mdsCount(5), serial("one", 0, 1), down(0, 1, 4))
	want(t, "three of four servers are wanted", proof.Unknown, proof.NoQuorum, mdsCount(5), serial("one", 0, 1), down(0, 3, 4))
	d = want(t, "a host that the two addresses list is listed once", proof.Unknown, proof.HostLost, serial("one", 0, 1), unseen(2, 0, 2))
	wantHost(t, d, 2, proof.MeansNone)
	if n := caseOf(mdsCount(5), serial("one", 0, 1)).Needs(); n != 3 {
		t.Errorf("%d of four servers are wanted, want 3", n)
	}
	want(t, "agents that do not tell count each", proof.Free, proof.ServerUnknown, serial("", 0, 1, 2), down(0, 2))
	want(t, "one that does not tell may be one of the others", proof.Free, proof.ServerUnknown, serial("", 2), down(0, 1))
	d = want(t, "one that does not tell and does not count", proof.Free, "", serial("", 2), down(0, 2))
	if hasCode(d.Notes, proof.ServerUnknown) {
		t.Errorf("notes %v, but all that count are known", d.Notes)
	}
	d = want(t, "all tell", proof.Free, "")
	if hasCode(d.Notes, proof.ServerUnknown) || hasCode(d.Notes, proof.SameServer) || hasCode(d.Notes, proof.SingleMDS) {
		t.Errorf("notes %v", d.Notes)
	}
	for range 20 { // a report with notes in another order is no report to Replay
		d := want(t, "two servers with two addresses each", proof.Free, proof.SameServer, mdsCount(5), serial("one", 0, 1), serial("two", 2, 3))
		if d.Notes[0].Detail != "mds-0:7763, mds-1:7763" || d.Notes[1].Detail != "mds-2:7763, mds-3:7763" {
			t.Fatalf("notes %v, want them in the order of the list", d.Notes)
		}
	}
	twice := caseOf()
	twice.Evidence.MDS = slices.Concat(twice.Evidence.MDS, twice.Evidence.MDS)
	if n := twice.Needs(); n != 2 {
		t.Errorf("three addresses that are listed twice: %d wanted, want 2", n)
	}
}

func TestRule5First(t *testing.T) {
	first := policy(proof.First)
	for why, c := range map[string]change{
		"the first list names nobody":             rounds(1),
		"the first list names allowed hosts":      lists(0, ipOf(1)),
		"no MDS answers":                          down(0),
		"there was no round":                      rounds(0),
		"the first MDS fails, the second answers": down(0, 0),
	} {
		d := want(t, why, proof.Unknown, proof.UnsafePolicy, first, allow(kvm(1)), c)
		if d.Open {
			t.Errorf("%s: a further round is to help", why)
		}
	}
	d := want(t, "what the first list says", proof.Unknown, proof.UnsafePolicy, first)
	if r := d.Reasons[0]; r.Detail != "the first list names nobody" || r.MDS != mdsAt(0) {
		t.Errorf("%+v", r)
	}
	d = want(t, "what it says of allowed hosts", proof.Unknown, proof.UnsafePolicy, first, allow(kvm(1)), lists(0, ipOf(1)))
	if r := d.Reasons[0]; r.Detail != "the first list names allowed hosts only" {
		t.Errorf("%+v", r)
	}
	want(t, "no answer is said", proof.Unknown, proof.NoReply, first, on(0, func(o *proof.Observation) { o.Clients.Outcome = proof.NoAnswer }))
	want(t, "a foreign client", proof.InUse, "", first, lists(1, ipOf(2), 0))
}
