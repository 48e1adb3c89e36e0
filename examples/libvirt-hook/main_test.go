package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/zbs"
)

const domainXML = `<domain type="kvm">
  <name>guest</name>
  <devices>
    <disk type="network" device="disk">
      <source protocol="cbd" name="cbd:pp-pool/pool/root_zbs_:/etc/zbs/client.conf"/>
    </disk>
    <disk type="vhostuser" device="disk">
      <source type="unix" path="/var/zbsvhost/sockets/data"/>
    </disk>
    <disk type="file" device="cdrom"><source file="/isos/linux.iso"/><readonly/></disk>
    <disk type="network" device="disk"><source protocol="cbd" name="pp-pool/pool/shared"/><shareable/></disk>
    <disk type="block" device="disk"><source dev="/dev/sdb"/></disk>
  </devices>
</domain>`

var (
	root = zbs.Path{Pool: "pool", Volume: "root"}
	data = zbs.Path{Pool: "pool", Volume: "data"}
)

func TestVolumesOf(t *testing.T) {
	got, err := volumesOf(strings.NewReader(domainXML), "pool")
	if diff := cmp.Diff([]zbs.Path{root, data}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for why, text := range map[string]string{
		"no XML":               "",
		"not a domain":         "<network/>",
		"cut off":              domainXML[:200],
		"a path of no form":    `<domain><devices><disk><source file="cbd:pool/root"/></disk></devices></domain>`,
		"shell in the name":    `<domain><devices><disk><source name="zbs://pool/a;b"/></disk></devices></domain>`,
		"unknown suffix":       `<domain><devices><disk><source name="cbd:pp/pool/a:/etc/x"/></disk></devices></domain>`,
		"bad name of a socket": `<domain><devices><disk><source path="/var/zbsvhost/sockets/a b"/></disk></devices></domain>`,
	} {
		if got, err := volumesOf(strings.NewReader(text), "pool"); err == nil {
			t.Errorf("%s: volumes %v and no error", why, got)
		}
	}
	if _, err := volumesOf(strings.NewReader(domainXML), ""); err == nil || !strings.Contains(err.Error(), "vhost-pool") {
		t.Errorf("a socket without a pool: %v", err)
	}
}

// inventory is the inventory of the tests. On each host a disk is open.
const inventory = `hosts:
  - {name: kvm-1, addrs: [10.0.0.1], open: ["zbs://pool/disk-1"]}
  - {name: kvm-2, addrs: [10.0.0.2], open: ["zbs://pool/disk-2"]}
`

// start returns a fake cluster with the domain's volumes and a hook on kvm-2.
func start(t *testing.T) (*fakemds.Cluster, hook) {
	cluster := fakemds.NewCluster(t, 3)
	cluster.AddVolume(root.String())
	cluster.AddVolume(data.String())
	cluster.AddVolume("zbs://pool/disk-1", "10.0.0.1")
	cluster.AddVolume("zbs://pool/disk-2", "10.0.0.2")
	dir := t.TempDir()
	path := filepath.Join(dir, "hook.yaml")
	text := fmt.Sprintf("mds: [%s]\nhost: kvm-2\nvhost-pool: pool\ntimeout: 2m\nstate: %s\n%s", strings.Join(cluster.Addrs(), ", "), dir, inventory)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return cluster, hook{configPath: path, newCaller: func(c config) (*mds.Caller, error) {
		listener, err := cluster.Listen()
		if err != nil {
			return nil, err
		}
		return mds.New(c.MDS, mds.WithDialContext(cluster.DialContext), mds.WithCallbackListener(listener))
	}}
}

func (h hook) call(t *testing.T, event string) error {
	return h.run(t.Context(), append([]string{"guest"}, strings.Fields(event)...), strings.NewReader(domainXML))
}

func TestHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, h := start(t)
		if err := h.call(t, "prepare begin -"); err != nil {
			t.Errorf("free: %v", err)
		}
		cluster.Open(data.String(), "10.0.0.2")
		if err := h.call(t, "prepare begin -"); err != nil {
			t.Errorf("open here: %v", err)
		}
		cluster.Open(data.String(), "10.0.0.1")
		if err := h.call(t, "prepare begin -"); !errors.Is(err, volume.ErrInUse) || !strings.Contains(err.Error(), "kvm-1") {
			t.Errorf("open elsewhere: %v", err)
		}
		for _, event := range []string{"reconnect begin -", "started begin -", "stopped end -", "release end -", "start begin -"} {
			if err := h.call(t, event); err != nil {
				t.Errorf("%s: %v", event, err)
			}
		}
		for i := range 3 {
			cluster.Node(i).Inject(fakemds.Refuse)
		}
		cluster.CloseClient(data.String(), "10.0.0.1")
		if err := h.call(t, "prepare begin -"); !errors.Is(err, volume.ErrUndetermined) || strings.Contains(err.Error(), "\n") {
			t.Errorf("all MDS down: %v, want one line that says nobody can tell", err)
		}
	})
}

// A host that is cut off from the MDS is in no list, and the error names it.
func TestHookMissesAHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, h := start(t)
		cluster.CloseClient("zbs://pool/disk-1", "10.0.0.1")
		if err := h.call(t, "prepare begin -"); !errors.Is(err, volume.ErrUndetermined) || !strings.Contains(err.Error(), "kvm-1") {
			t.Errorf("%v, want ErrUndetermined that names kvm-1", err)
		}
	})
}

func TestHookLetsMigrationsIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, h := start(t)
		cluster.Open(root.String(), "10.0.0.1")
		cluster.Open(data.String(), "10.0.0.1")
		if err := h.call(t, "migrate begin -"); err != nil {
			t.Fatal(err)
		}
		ageNote(t, h, 0)
		if err := h.call(t, "prepare begin -"); err != nil {
			t.Errorf("announced: %v", err)
		}
		if err := h.call(t, "prepare begin -"); !errors.Is(err, volume.ErrInUse) {
			t.Errorf("the start after it: %v, want ErrInUse", err)
		}
		if err := h.call(t, "migrate begin -"); err != nil {
			t.Fatal(err)
		}
		ageNote(t, h, time.Minute)
		if err := h.call(t, "prepare begin -"); !errors.Is(err, volume.ErrInUse) {
			t.Errorf("announced a minute ago: %v, want ErrInUse", err)
		}
		cluster.Open(data.String(), "10.0.0.3")
		if err := h.call(t, "migrate begin -"); err != nil {
			t.Fatal(err)
		}
		ageNote(t, h, 0)
		if err := h.call(t, "prepare begin -"); !errors.Is(err, volume.ErrInUse) {
			t.Errorf("open on a third host: %v, want ErrInUse", err)
		}
	})
}

// ageNote sets the note's time by the virtual clock, because files have the real one.
func ageNote(t *testing.T, h hook, age time.Duration) {
	t.Helper()
	cfg, err := readConfig(h.configPath)
	if err != nil {
		t.Fatal(err)
	}
	path, _ := cfg.note("guest")
	at := time.Now().Add(-age)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

func TestHookFailsClosed(t *testing.T) {
	run := func(h hook, args ...string) error {
		return h.run(t.Context(), args, strings.NewReader(domainXML))
	}
	if err := run(hook{configPath: filepath.Join(t.TempDir(), "none")}, "guest", "prepare", "begin", "-"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no configuration: %v", err)
	}
	if err := run(hook{}, "guest"); err == nil {
		t.Error("too few arguments pass")
	}
	for why, row := range map[string]struct{ text, says string }{
		"no MDS":         {"host: kvm-2\n" + inventory, "mds lists none"},
		"no host":        {"mds: [a]\n" + inventory, "host must name this host"},
		"a strange host": {"mds: [a]\nhost: kvm-9\n" + inventory, `"kvm-9" is no host of`},
		"no hosts":       {"mds: [a]\nhost: kvm-2\n", "no inventory of hosts"},
		"a number":       {"mds: [a]\nhost: kvm-2\nhosts: 3\n", "hook.yaml:4: hosts: 3: a number cannot tell which host is missing; list every host"},
		"no file":        {"mds: [a]\nhost: kvm-2\nhostsFile: none.yaml\n", "none.yaml: no such file"},
		"no time":        {"mds: [a]\nhost: kvm-2\ntimeout: -1s\n" + inventory, "timeout must be positive"},
		"bad timing":     {"mds: [a]\nhost: kvm-2\ntiming: {rounds: 1}\n" + inventory, "hook.yaml:4: timing: rounds"},
		"unknown key":    {"mds: [a]\nhost: kvm-2\nhsot: x\n" + inventory, "known keys"},
		"no YAML":        {"}", "known keys"},
	} {
		path := filepath.Join(t.TempDir(), "hook.yaml")
		if err := os.WriteFile(path, []byte("vhost-pool: pool\n"+row.text), 0o600); err != nil {
			t.Fatal(err)
		}
		h := hook{configPath: path, newCaller: func(c config) (*mds.Caller, error) { return mds.New(c.MDS) }}
		if err := run(h, "guest", "prepare", "begin", "-"); err == nil || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: %v, want %q", why, err, row.says)
		}
	}
}
