package hostfile_test

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.yaml.in/yaml/v3"

	"github.com/zbsclient/zbsclient/volume/guard/hostfile"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// sameHosts compares addresses as they are written, and nil as an empty list.
var sameHosts = cmp.Options{cmpopts.EquateComparable(netip.Addr{}), cmpopts.EquateEmpty()}

// inFiles is what testdata/hosts.yaml and hosts.json say.
var inFiles = proof.Hosts{
	{
		Name:  "kvm-1",
		Addrs: []netip.Addr{netip.MustParseAddr("10.0.0.5"), netip.MustParseAddr("192.168.7.5")},
		Pools: []string{"pool-a"},
		Open:  []zbs.Path{{Pool: "pool-a", Volume: "vol-1"}, {Pool: "pool-a", Volume: "vol-2"}},
	},
	{Name: "2", Addrs: []netip.Addr{netip.MustParseAddr("2001:db8::6")}},
	{
		Name:  "mds 3",
		Addrs: []netip.Addr{netip.MustParseAddr("::ffff:10.0.0.7"), netip.MustParseAddr("fe80::7%eth0")},
		State: proof.Maintenance,
	},
}

func TestReadYAMLAndJSON(t *testing.T) {
	for _, file := range []string{"hosts.yaml", "hosts.json"} {
		t.Run(file, func(t *testing.T) {
			hosts, err := hostfile.Read(filepath.Join("testdata", file))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(inFiles, hosts, sameHosts); diff != "" {
				t.Errorf("hosts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadKeepsTheClassOfAnError(t *testing.T) {
	if _, err := hostfile.Read(filepath.Join(t.TempDir(), "absent")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent file: %v, want fs.ErrNotExist", err)
	}
}

func TestSourceReadsTheFileAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hosts.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	source := hostfile.Source(path)
	for _, name := range []string{"before", "after"} {
		write("hosts: [{name: " + name + ", addrs: [10.0.0.5]}]")
		hosts, err := source.Hosts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(hosts) != 1 || hosts[0].Name != name {
			t.Errorf("hosts are %v, want %q alone", hosts, name)
		}
	}
	write("hosts: [{name: after}]")
	if hosts, err := source.Hosts(t.Context()); err == nil || hosts != nil {
		t.Errorf("after a mistake: %v, %v, want an error and no hosts", hosts, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := source.Hosts(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of ctx: %v, want context.Canceled", err)
	}
}

// TestDecodeInsideAnotherFile reads the list as zbsctl does, from a context of its
// configuration file.
func TestDecodeInsideAnotherFile(t *testing.T) {
	decode := func(t *testing.T, text string) (proof.Hosts, error) {
		t.Helper()
		var file struct {
			Contexts map[string]struct{ Hosts yaml.Node }
		}
		if err := yaml.Unmarshal([]byte(text), &file); err != nil {
			t.Fatal(err)
		}
		list := file.Contexts["lab"].Hosts
		return hostfile.Decode("config.yaml", &list)
	}
	hosts, err := decode(t, `
contexts:
  lab:
    hosts:
      - {name: a, addrs: &shared [10.0.0.5]}
`)
	want := proof.Hosts{{Name: "a", Addrs: []netip.Addr{netip.MustParseAddr("10.0.0.5")}}}
	if diff := cmp.Diff(want, hosts, sameHosts); err != nil || diff != "" {
		t.Errorf("error %v, hosts (-want +got):\n%s", err, diff)
	}
	for text, want := range map[string]string{
		"contexts:\n  lab:\n    hosts:\n      - name: a\n":       `config.yaml:4: host a: no address, list all of them under "addrs"`,
		"contexts:\n  lab:\n    hosts: []\n":                     `config.yaml:3: no hosts, list at least one`,
		"contexts:\n  lab:\n    hosts: hosts.yaml\n":             `config.yaml:3: hosts: the single value "hosts.yaml" stands here, want a list`,
		"contexts:\n  lab: {}\n":                                 `config.yaml: hosts: nothing stands here, want a list`,
		"contexts:\n  lab:\n    hosts:\n      - &a [*a]\n":       `config.yaml:4: host #1: a list stands here, want the keys name, addrs, pools, state, open`,
		"contexts:\n  lab:\n    hosts: &h\n      - {name: *h}\n": `config.yaml:4: host #1: name: a list stands here, want a text` + "\n" + `config.yaml:4: host #1: no address, list all of them under "addrs"`,
	} {
		if _, err := decode(t, text); err == nil || err.Error() != want {
			t.Errorf("of %q:\n%v\nwant:\n%s", text, err, want)
		}
	}
}
