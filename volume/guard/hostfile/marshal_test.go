package hostfile_test

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zbsclient/zbsclient/volume/guard/hostfile"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

func TestMarshal(t *testing.T) {
	twice := proof.Hosts{{Name: "a", Addrs: []netip.Addr{
		netip.MustParseAddr("10.0.0.5"), netip.MustParseAddr("::ffff:10.0.0.5"), netip.MustParseAddr("10.0.0.6"),
	}}}
	for _, test := range []struct {
		name  string
		hosts proof.Hosts
		want  string
	}{
		{"all fields", inFiles, `hosts:
  - name: kvm-1
    addrs: [10.0.0.5, 192.168.7.5]
    pools: [pool-a]
    open:
      - zbs://pool-a/vol-1
      - zbs://pool-a/vol-2
  - name: "2"
    addrs: ['2001:db8::6']
  - name: mds 3
    addrs: ['::ffff:10.0.0.7', 'fe80::7%eth0']
    state: maintenance
`},
		{"an address given twice", twice, `hosts:
  - name: a
    addrs: [10.0.0.5, 10.0.0.6]
`},
	} {
		t.Run(test.name, func(t *testing.T) {
			text, err := hostfile.Marshal(test.hosts)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, string(text)); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
		})
	}
}

// TestMarshalRefusesWhatParseWould keeps a written inventory readable.
func TestMarshalRefusesWhatParseWould(t *testing.T) {
	addr := []netip.Addr{netip.MustParseAddr("10.0.0.5")}
	for _, test := range []struct {
		name  string
		hosts proof.Hosts
		want  string
	}{
		{"no hosts", nil, "no hosts"},
		{"no name", proof.Hosts{{Addrs: addr}}, "has no name"},
		{"name of two lines", proof.Hosts{{Name: "a\nb", Addrs: addr}}, `name "a\nb"`},
		{"name that is no UTF-8", proof.Hosts{{Name: "a\xff", Addrs: addr}}, `name "a\xff"`},
		{"bad pool", proof.Hosts{{Name: "a", Addrs: addr, Pools: []string{"p q"}}}, `host a: logical pool name "p q"`},
		{"mapped 0.0.0.0", proof.Hosts{{Name: "a", Addrs: []netip.Addr{netip.MustParseAddr("::ffff:0.0.0.0")}}}, "host a: ::ffff:0.0.0.0"},
		{"address of two hosts", proof.Hosts{{Name: "a", Addrs: addr}, {Name: "b", Addrs: addr}}, "both a and b"},
	} {
		t.Run(test.name, func(t *testing.T) {
			text, err := hostfile.Marshal(test.hosts)
			if err == nil || text != nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %q, %v, want no text and an error with %q", text, err, test.want)
			}
		})
	}
}

// FuzzParse: hosts that Parse accepts pass Validate and are not empty. Parse reads the
// same hosts from the text of Marshal, and Marshal writes the same text again.
func FuzzParse(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		hosts, err := hostfile.Parse("f", data)
		if err != nil {
			if hosts != nil {
				t.Errorf("hosts %v beside the error %v", hosts, err)
			}
			return
		}
		if err := hosts.Validate(); err != nil || len(hosts) == 0 {
			t.Errorf("%d hosts, Validate: %v", len(hosts), err)
		}
		text, err := hostfile.Marshal(hosts)
		if err != nil {
			t.Fatal(err)
		}
		again, err := hostfile.Parse("f", text)
		if err != nil {
			t.Fatalf("of %s: %v", text, err)
		}
		if diff := cmp.Diff(hosts, again, sameHosts); diff != "" {
			t.Errorf("of %s (-before +after):\n%s", text, diff)
		}
		if twice, err := hostfile.Marshal(again); err != nil || !bytes.Equal(text, twice) {
			t.Errorf("written again: %s, %v, want %s", twice, err, text)
		}
	})
}
