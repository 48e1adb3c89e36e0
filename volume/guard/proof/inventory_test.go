package proof_test

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

func TestHostsValidate(t *testing.T) {
	named := func(name string, addrs ...string) proof.Host {
		h := proof.Host{Name: name}
		for _, a := range addrs {
			h.Addrs = append(h.Addrs, netip.MustParseAddr(a))
		}
		return h
	}
	opens := named("a", "10.0.0.1")
	opens.Open = []zbs.Path{{Pool: "p", Volume: "v", Snapshot: "s"}, {Pool: "p", Volume: "v;reboot"}}
	for _, c := range []struct {
		why   string
		hosts proof.Hosts
		want  string // part of the error; "": none
	}{
		{"good", proof.Hosts{named("a", "10.0.0.1", "10.0.0.1"), named("b", "fe80::1%eth0")}, ""},
		{"none", nil, ""},
		{"no name", proof.Hosts{named("", "10.0.0.1")}, "host 1 of the inventory has no name"},
		{"twice", proof.Hosts{named("a", "10.0.0.1"), named("a", "10.0.0.2")}, "host a stands in the inventory twice"},
		{"no address", proof.Hosts{named("a")}, "host a has no address"},
		{"invalid address", proof.Hosts{{Name: "a", Addrs: []netip.Addr{{}}}}, "is no address of a host"},
		{"any address", proof.Hosts{named("a", "0.0.0.0")}, "is no address of a host"},
		{"of two", proof.Hosts{named("a", "10.0.0.1"), named("b", "10.0.0.1")}, "10.0.0.1 belongs to both a and b"},
		{"mapped", proof.Hosts{named("a", "10.0.0.1"), named("b", "::ffff:10.0.0.1")}, "10.0.0.1 belongs to both a and b"},
		{"zoned", proof.Hosts{named("a", "fe80::1%eth0"), named("b", "fe80::1%eth1")}, "fe80::1 belongs to both a and b"},
		{"open snapshot", proof.Hosts{opens}, "open volume zbs://p/v@s is no volume's path"},
		{"open shell", proof.Hosts{opens}, "open volume zbs://p/v;reboot is no volume's path"},
	} {
		err := c.hosts.Validate()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.why, err, c.want)
		}
		if _, err := proof.NewInventory(c.hosts); (err == nil) != (c.want == "") {
			t.Errorf("%s: inventory: %v", c.why, err)
		}
	}
}

func TestInventoryDocument(t *testing.T) {
	c := caseOf(host(2, func(h *proof.Host) { h.State, h.Pools = proof.Maintenance, []string{"lp"} }))
	doc, err := json.Marshal(c.Evidence.Hosts)
	if err != nil {
		t.Fatal(err)
	}
	var again proof.Inventory
	if err := json.Unmarshal(doc, &again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(hostsOf(&c), hostsOf(&proof.Case{Evidence: proof.Evidence{Hosts: &again}}), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
	if i, ok := again.OfClient("192.168.7.3"); !ok || again.At(i).Name != kvm(3) {
		t.Errorf("host %d, %t of an address of %s", i, ok, kvm(3))
	}
	for _, bad := range []string{`[{"name":"a"}]`, `{}`, `[{"name":"a","addrs":["x"]}]`} {
		if err := json.Unmarshal([]byte(bad), &again); err == nil {
			t.Errorf("%s is read as an inventory", bad)
		}
	}
	var none *proof.Inventory
	if doc, err := none.MarshalJSON(); err != nil || string(doc) != "null" || none.Len() != 0 {
		t.Errorf("no inventory: %s, %v, %d hosts", doc, err, none.Len())
	}
	if _, ok := none.Find(kvm(1)); ok {
		t.Error("no inventory has a host")
	}
}

func TestHostSet(t *testing.T) {
	var s, other proof.HostSet
	for _, i := range []int{0, 63, 64, 200} {
		s.Add(i)
		s.Add(i)
	}
	other.Add(500)
	s.Join(other)
	other.Join(s)
	if s.Len() != 5 || !s.Has(500) || s.Has(1) || s.Has(10000) || !other.Has(200) || other.Len() != 5 {
		t.Errorf("%v, %v", s, other)
	}
}
