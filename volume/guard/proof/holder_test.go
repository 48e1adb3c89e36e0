package proof_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

func TestRule7ForeignClient(t *testing.T) {
	for i := range 3 {
		for k := 1; k <= 2; k++ {
			d := want(t, fmt.Sprintf("on MDS %d in round %d alone", i, k), proof.InUse, "", lists(k, ipOf(2), i))
			want := []proof.Holder{{Host: kvm(2), Clients: []zbs.Client{client(ipOf(2))}, MDS: []zbs.Addr{mdsAt(i)}, Rounds: []int{k}}}
			if diff := cmp.Diff(want, d.Holders); diff != "" {
				t.Errorf("holders (-want +got):\n%s", diff)
			}
		}
	}
	foreign := lists(1, ipOf(2), 2)
	for why, c := range map[string]change{
		"its MDS refuses the ping":          refusesPing(0, "", 2),
		"its MDS was not pinged":            on(0, func(o *proof.Observation) { o.Ping = proof.PingAnswer{} }, 2),
		"its MDS is unsynced":               on(0, func(o *proof.Observation) { o.Ping.AgentVersion = "" }, 2),
		"its MDS proves nothing":            on(0, func(o *proof.Observation) { o.Survey = nil }, 2),
		"it came late":                      on(1, func(o *proof.Observation) { o.Late = true }, 2),
		"it came out of order":              on(1, func(o *proof.Observation) { o.Clients.Asked = -second }, 2),
		"all others are down":               down(0, 0, 1),
		"no cluster is known":               func(c *proof.Case) { c.Evidence.Identities = nil },
		"an MDS is of another cluster":      names(0, "another"),
		"there is no inventory":             func(c *proof.Case) { c.Evidence.Hosts = nil },
		"the volume is said not to exist":   queries(2, func(x *proof.Existence) { x.Outcome = proof.Missing }, 0),
		"the check was ended":               abort(proof.Interrupted),
		"the host is in maintenance":        host(2, func(h *proof.Host) { h.State = proof.Maintenance }),
		"the host does not have the pool":   host(2, func(h *proof.Host) { h.Pools = []string{"lp2"} }),
		"the host fenced itself":            selfFencing(1),
		"a witness says no":                 says(2, 2, nil),
		"it is not the first of the volume": lists(1, ipOf(1)),
		"another host is allowed":           allow(kvm(1)),
		"its MDS is not configured":         on(1, func(o *proof.Observation) { o.MDS.Host = "mds-x" }, 2),
		"there was one round":               func(c *proof.Case) { c.Evidence.Rounds = c.Evidence.Rounds[:1] },
	} {
		d := want(t, why, proof.InUse, "", foreign, c)
		if d.Open {
			t.Errorf("%s: a further round is to help", why)
		}
	}
	want(t, "an MDS that does not count proves nothing by a late list", proof.Unknown, proof.NoQuorum, on(2, func(o *proof.Observation) { o.Late = true }, 0, 1))
}

// A volume may be asked for again among those that are known to be open: as
// canary, as Open of an allowed host, or because a batch has it twice.
func TestRule7AskedAgain(t *testing.T) {
	again := func(k int, mds int, ips ...string) change {
		return on(k, func(o *proof.Observation) {
			list := proof.VolumeList{Volume: volume, ListAnswer: proof.ListAnswer{Answer: answer(60 * ms)}}
			for _, ip := range ips {
				list.Clients = append(list.Clients, client(ip))
			}
			o.Survey.Lists = append(o.Survey.Lists, list)
		}, mds)
	}
	d := want(t, "it was opened meanwhile", proof.InUse, "", again(2, 1, ipOf(2)))
	if len(d.Holders) != 1 || d.Holders[0].Host != kvm(2) || !slices.Equal(d.Holders[0].MDS, []zbs.Addr{mdsAt(1)}) || !slices.Equal(d.Holders[0].Rounds, []int{2}) {
		t.Errorf("holders %+v", d.Holders)
	}
	want(t, "by an address that belongs to no host", proof.InUse, "", again(2, 1, "10.9.9.9"))
	want(t, "by the allowed host", proof.Free, "", again(2, 1, ipOf(2)), allow(kvm(2)))
	want(t, "by a fenced host that is back", proof.InUse, proof.FenceBroken, again(2, 1, ipOf(2)), fence(2, 0))
	want(t, "by a fenced host that had it", proof.Free, "", again(1, 1, ipOf(2)), lists(2, ipOf(2)), fence(2, 0))
	want(t, "on an MDS of another cluster", proof.Unknown, proof.WrongCluster, again(2, 1, ipOf(2)), refusesPing(2, "another", 1))
	want(t, "nobody had it", proof.Free, "", again(0, 1))
}

func TestRule7Addresses(t *testing.T) {
	for _, ip := range []string{"", "host-2", "10.0.0.2.", "10.9.9.9", "0x0a000002"} {
		d := want(t, "client "+ip, proof.InUse, "", lists(1, ip, 0), allow(kvm(2)))
		if len(d.Holders) != 1 || d.Holders[0].Host != ip || d.Holders[0].Standing != proof.Foreign || d.Holders[0].Name() == "" {
			t.Errorf("holders %+v", d.Holders)
		}
	}
	for _, ip := range []string{"10.0.0.2", "192.168.7.2", "::ffff:10.0.0.2", "10.0.0.2%eth0"} {
		verdict := proof.Free
		if ip == "10.0.0.2%eth0" { // is no address
			verdict = proof.InUse
		}
		want(t, "the allowed host by "+ip, verdict, "", lists(0, ip), allow(kvm(2)))
	}
	none := func(c *proof.Case) { c.Evidence.Hosts = nil }
	d := want(t, "allowed by address, where there is no inventory", proof.Unknown, proof.NoInventory, none, lists(0, "::ffff:10.0.0.2"), allow(ipOf(2)))
	if len(d.Holders) != 1 || d.Holders[0].Standing != proof.Allowed {
		t.Errorf("holders %+v", d.Holders)
	}
	want(t, "10.0.0.20 is not 10.0.0.2", proof.InUse, "", none, lists(0, "10.0.0.2"), allow("10.0.0.20"))
	want(t, "no address is allowed by no address", proof.InUse, "", none, lists(0, ""), allow(""))
	want(t, "an address of no host is allowed by no name", proof.InUse, "", lists(0, "10.9.9.9"), allow("10.9.9.9"))
}

func TestHolders(t *testing.T) {
	d := want(t, "two hosts, by two addresses", proof.InUse, "", allow(kvm(1)), lists(1, ipOf(1)), lists(2, ipOf(2), 1), lists(2, "192.168.7.2", 0, 1),
		says(2, 1, func(s *proof.Statement) { s.Open = true }))
	want := []proof.Holder{
		{Host: kvm(2), Clients: []zbs.Client{client("192.168.7.2"), client(ipOf(2))}, MDS: []zbs.Addr{mdsAt(0), mdsAt(1)}, Rounds: []int{1, 2}, Witness: true},
		{Host: kvm(1), Standing: proof.Allowed, Clients: []zbs.Client{client(ipOf(1))}, MDS: []zbs.Addr{mdsAt(0), mdsAt(1), mdsAt(2)}, Rounds: []int{1}},
	}
	if diff := cmp.Diff(want, d.Holders); diff != "" {
		t.Errorf("holders, foreign ones first (-want +got):\n%s", diff)
	}
	err := reportOf(lists(1, ipOf(2)), lists(1, "")).Err(nil)
	if inUse, ok := err.(*proof.InUseError); !ok || err.Error() != "volume zbs://lp/vol is open on kvm-2, a host without an address" || !slices.ContainsFunc(inUse.Holders, func(h proof.Holder) bool { return h.Host == "" }) {
		t.Errorf("%v", err)
	}
}
