package proof_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// shown makes the lists of other volumes show a host by this address.
func shown(host, k int, ip string, mds ...int) change {
	return on(k, func(o *proof.Observation) { o.Survey.Lists[host-1].Clients = []zbs.Client{client(ip)} }, mds...)
}

// idle takes from a host all that is known to be open on it, and from all lists.
func idle(i int) change {
	return func(c *proof.Case) {
		host(i, func(h *proof.Host) { h.Open = nil })(c)
		unseen(i, 0)(c)
	}
}

func TestRule3Visible(t *testing.T) {
	for why, ip := range map[string]string{
		"by another address": "192.168.7.2", "IPv4-mapped": "::ffff:10.0.0.2", "mapped with a zone": "::ffff:10.0.0.2%eth0",
	} {
		wantHost(t, want(t, why, proof.Free, "", shown(2, 0, ip)), 2, proof.Visible)
	}
	v6 := func(h *proof.Host) { h.Addrs = append(h.Addrs, netip.MustParseAddr("fe80::2%eth1")) }
	want(t, "by an address with another zone", proof.Free, "", host(2, v6), shown(2, 0, "fe80::2%eth0"))
	want(t, "by the volume's own list", proof.InUse, "", unseen(2, 0), lists(0, ipOf(2)))
	want(t, "by a list of any volume, even of another pool", proof.Free, "", on(0, func(o *proof.Observation) {
		o.Survey.Lists[1].Volume = zbs.Path{Pool: "elsewhere", Volume: "any"}
	}))
	want(t, "one MDS does not list it, a quorum does", proof.Free, "", unseen(2, 0, 0))
	d := want(t, "one MDS alone lists it", proof.Unknown, proof.HostLost, unseen(2, 0, 0, 1))
	wantHost(t, d, 2, proof.MeansNone)
	want(t, "each host is listed by a quorum, and not by the same", proof.Unknown, proof.HostLost,
		unseen(1, 0, 0), unseen(2, 0, 1), unseen(3, 0, 2))
	want(t, "All wants every MDS to list it", proof.Unknown, proof.HostLost, unseen(2, 0, 0), policy(proof.All))
	want(t, "no MDS lists it", proof.Unknown, proof.HostUnproved, unseen(2, 0))
	d = want(t, "nothing can show it", proof.Unknown, proof.HostIdle, idle(2))
	if d.Open {
		t.Error("a further round is to help although nothing can show the host")
	}
	d = want(t, "a canary may show it", proof.Unknown, proof.HostUnproved, idle(2), terms(func(t *proof.Terms) { t.Canary = disk(1) }))
	if !d.Open {
		t.Error("no further round is to help")
	}
	want(t, "a heartbeat volume that is kept open may", proof.Unknown, proof.HostUnproved, idle(2), on(2, func(o *proof.Observation) {
		o.Survey.Lists[0].Volume = zbs.Path{Pool: "lp", Volume: proof.HeartbeatVolume}
	}))
	want(t, "lists from before the round show nobody", proof.Unknown, proof.HostLost, on(2, func(o *proof.Observation) { o.Survey.Lists[1].Asked = -second }))
	want(t, "lists from after the round show nobody", proof.Unknown, proof.HostLost, on(2, func(o *proof.Observation) { o.Survey.Lists[1].Took = roundTook }))
	want(t, "lists of no time show nobody", proof.Unknown, proof.HostLost, on(2, func(o *proof.Observation) { o.Survey.Lists[1].Took = -1 }))
	want(t, "but they do show that the host is not absent", proof.Unknown, proof.SelfFencingPending, absent(0, 20*second, 60*second), selfFencing(second),
		on(3, func(o *proof.Observation) {
			o.Survey.Lists[1].Asked, o.Survey.Lists[1].Clients = -second, []zbs.Client{client(ipOf(2))}
		}))
	d = want(t, "it is listed in the first round alone", proof.Unknown, proof.HostLost, unseen(2, 2))
	if r := d.Reasons[0]; r.Detail != kvm(2) || r.Round != 2 {
		t.Errorf("reason %+v does not name the host", r)
	}
}

func TestRule3Inventory(t *testing.T) {
	none := func(c *proof.Case) { c.Evidence.Hosts = nil }
	d := want(t, "without an inventory", proof.Unknown, proof.NoInventory, none)
	if hasCode(d.Reasons, proof.InventoryIncomplete) || d.Open || d.Rounds[0].Counts {
		t.Errorf("reasons %v, open %t, %+v", d.Reasons, d.Open, d.Rounds)
	}
	d = want(t, "an address that belongs to no host", proof.Unknown, proof.InventoryIncomplete, func(c *proof.Case) {
		on(1, func(o *proof.Observation) {
			o.Survey.Lists[0].Clients = append(o.Survey.Lists[0].Clients, client("10.9.9.9"))
		}, 0)(c)
	})
	if d.Open || d.Rounds[0].Counts || !d.Rounds[1].Counts {
		t.Errorf("open %t, although the inventory is not complete, %+v", d.Open, d.Rounds)
	}
	want(t, "an address that cannot be read", proof.Unknown, proof.InventoryIncomplete, on(2, func(o *proof.Observation) {
		o.Survey.Lists[0].Clients = append(o.Survey.Lists[0].Clients, client("host-7"))
	}, 2))

	maintenance := func(h *proof.Host) { h.State = proof.Maintenance }
	elsewhere := func(h *proof.Host) { h.Pools = []string{"lp2"} }
	wantHost(t, want(t, "in maintenance", proof.Free, "", host(2, maintenance), unseen(2, 0)), 2, proof.InMaintenance)
	wantHost(t, want(t, "in maintenance, and listed", proof.Free, "", host(2, maintenance)), 2, proof.Visible)
	want(t, "in maintenance, and listed by one MDS", proof.Unknown, proof.HostLost, host(2, maintenance), unseen(2, 1), unseen(2, 2, 0, 1))
	wantHost(t, want(t, "the pool is not attached", proof.Free, "", host(2, elsewhere), unseen(2, 0)), 2, proof.OutOfPool)
	want(t, "the pool is attached beside another", proof.Unknown, proof.HostUnproved,
		host(2, func(h *proof.Host) { h.Pools = []string{"lp2", "lp"} }), unseen(2, 0))
	want(t, "not attached, and listed in one round", proof.Unknown, proof.HostLost, host(2, elsewhere), unseen(2, 2))

	open := func(h *proof.Host) { h.Open = append(h.Open, volume) }
	d = want(t, "named as open there, and visible", proof.Unknown, proof.NamedOpen, host(2, open))
	wantHost(t, d, 2, proof.MeansNone)
	if d.Open {
		t.Error("a further round is to help although the inventory names it open")
	}
	want(t, "named as open on the allowed host", proof.Free, "", host(2, open), allow(kvm(2)))
	want(t, "named as open on a fenced host", proof.Free, "", host(2, open), fence(2, 0))
	want(t, "named as open on a host in maintenance", proof.Unknown, proof.NamedOpen, host(2, maintenance), host(2, open), unseen(2, 0))
	want(t, "named as open where the pool is not attached", proof.Unknown, proof.NamedOpen, host(2, elsewhere), host(2, open), unseen(2, 0))
	want(t, "named as open, and a witness says that it is not", proof.Free, "", host(2, open), says(2, 2, nil))
}

func TestRule3Allowed(t *testing.T) {
	wantHost(t, want(t, "it need not be listed", proof.Free, "", allow(kvm(2)), unseen(2, 0)), 2, proof.AllowedHost)
	d := want(t, "its clients are no foreign ones", proof.Free, "", allow(kvm(2)), lists(0, "192.168.7.2"))
	if len(d.Holders) != 1 || d.Holders[0].Standing != proof.Allowed || d.Holders[0].Host != kvm(2) {
		t.Errorf("holders %+v", d.Holders)
	}
	want(t, "allowed by one of its addresses", proof.Free, "", allow(ipOf(2)), unseen(2, 0))
	want(t, "another is not", proof.Unknown, proof.HostUnproved, allow(kvm(2)), unseen(3, 0))
	want(t, "allowed although fenced", proof.Free, "", allow(kvm(2)), fence(2, time.Minute), lists(2, ipOf(2)))
}

func TestRule3Vouched(t *testing.T) {
	d := want(t, "a witness says no in the last round", proof.Free, "", idle(2), says(2, 2, nil))
	wantHost(t, d, 2, proof.Vouched)
	want(t, "in the first round alone", proof.Unknown, proof.HostIdle, idle(2), says(2, 1, nil))
	want(t, "of another host", proof.Unknown, proof.HostIdle, idle(2), says(3, 2, nil))
	for why, spoil := range map[string]func(s *proof.Statement){
		"its answer is from before the round": func(s *proof.Statement) { s.At = -1 },
		"it was asked before the round":       func(s *proof.Statement) { s.Asked, s.Took, s.At = -1, 30*ms, 20*ms },
		"its answer is from the future":       func(s *proof.Statement) { s.At = 35*ms + 1 },
		"its answer came after the round":     func(s *proof.Statement) { s.Took, s.At = roundTook, 40*ms },
		"it failed":                           func(s *proof.Statement) { s.Outcome, s.Error = proof.NoAnswer, "no route" },
	} {
		d := want(t, why, proof.Unknown, proof.HostUnproved, idle(2), says(2, 2, spoil))
		if len(d.Reasons) == 1 && !strings.HasPrefix(d.Reasons[0].Detail, kvm(2)+": ") {
			t.Errorf("%s: reason %+v does not say so", why, d.Reasons[0])
		}
		want(t, why+", another says no", proof.Unknown, proof.HostUnproved, idle(2), says(2, 2, nil), says(2, 2, spoil))
	}
	yes := func(s *proof.Statement) { s.Open = true }
	d = want(t, "a witness says yes", proof.InUse, "", says(2, 1, yes))
	if len(d.Holders) != 1 || d.Holders[0].Host != kvm(2) || !d.Holders[0].Witness || d.Holders[0].Rounds[0] != 1 {
		t.Errorf("holders %+v", d.Holders)
	}
	want(t, "of a host that is not in the inventory", proof.InUse, "", says(9, 1, yes))
	want(t, "of the allowed host", proof.Free, "", says(2, 2, yes), allow(kvm(2)))
	want(t, "a yes that was no answer", proof.Free, "", says(2, 1, func(s *proof.Statement) { s.Open, s.Outcome = true, proof.NoAnswer }))
	d = want(t, "yes and no are yes", proof.InUse, "", idle(2), says(2, 2, nil), says(2, 2, yes))
	wantHost(t, d, 2, proof.MeansNone)
	want(t, "a no does not outweigh a list", proof.InUse, "", says(2, 2, nil), lists(1, ipOf(2)))
}
