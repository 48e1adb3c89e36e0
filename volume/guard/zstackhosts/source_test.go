package zstackhosts_test

import (
	"bytes"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/volume/guard/zstackhosts"
	"github.com/zbsclient/zbsclient/zbs"
)

func (z zstack) source(options ...zstackhosts.Option) *zstackhosts.Source {
	z.t.Helper()
	s, err := zstackhosts.New(z.db, options...)
	if err != nil {
		z.t.Fatal(err)
	}
	return s
}

func (z zstack) hosts(options ...zstackhosts.Option) []proof.Host {
	z.t.Helper()
	hosts, err := z.source(options...).Hosts(z.t.Context())
	if err != nil {
		z.t.Fatal(err)
	}
	return hosts
}

// logged returns a logger of all levels, and the buffer that it writes to.
func logged() (zstackhosts.Option, *bytes.Buffer) {
	var b bytes.Buffer
	return zstackhosts.WithLogger(slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug}))), &b
}

func addrs(texts ...string) []netip.Addr {
	var all []netip.Addr
	for _, text := range texts {
		all = append(all, netip.MustParseAddr(text))
	}
	return all
}

func names(hosts []proof.Host) []string {
	var all []string
	for _, host := range hosts {
		all = append(all, host.Name)
	}
	return all
}

func TestHostsTellTheRows(t *testing.T) {
	eachDatabase(t, func(t *testing.T, z zstack) {
		z.host("h2", "kvm-2", "2001:db8::2", "Disabled")
		z.host("h1", "kvm-1", "10.0.0.1", "Enabled")
		z.host("h3", "kvm-3", "10.0.0.3", "Maintenance")
		z.host("gone", "kvm-4", "10.0.0.1", "Enabled")
		z.run(`UPDATE HostEO SET deleted = '2026-01-01' WHERE uuid = 'gone'`)
		z.tag("h1", "extraips::192.168.7.1, ::ffff:192.168.8.1,10.0.0.1")
		z.tag("h1", "extraips::fd00::1")
		z.tag("h1", "cpuModel::extraips")
		z.tag("gone", "extraips::192.168.7.1")
		z.tag("ceph-mon", "extraips::no address")
		z.machine("m1", "h1", "Running", "zbs://pool/root-1", "zbs://pool/data-1", "ceph://pool/other", "")
		z.machine("m2", "h1", "Running", "zbs://pool/root-2")
		z.machine("m3", "", "Stopped", "zbs://pool/root-3")
		z.machine("m4", "gone", "Running", "zbs://pool/root-4")
		want := []proof.Host{
			{
				Name: "kvm-1", Addrs: addrs("10.0.0.1", "192.168.7.1", "192.168.8.1", "fd00::1"),
				Open: []zbs.Path{{Pool: "pool", Volume: "data-1"}, {Pool: "pool", Volume: "root-1"}, {Pool: "pool", Volume: "root-2"}},
			},
			{Name: "kvm-2", Addrs: addrs("2001:db8::2")},
			{Name: "kvm-3", Addrs: addrs("10.0.0.3"), State: proof.Maintenance},
		}
		option, log := logged()
		if diff := cmp.Diff(want, z.hosts(option), cmpopts.EquateComparable(netip.Addr{})); diff != "" {
			t.Errorf("hosts (-want +got):\n%s", diff)
		}
		if log.Len() > 0 {
			t.Errorf("logged although nothing was left out:\n%s", log)
		}
	})
}

func TestOnlyMaintenanceIsOutOfService(t *testing.T) {
	eachDatabase(t, func(t *testing.T, z zstack) {
		states := map[string]proof.HostState{
			"Enabled": proof.InService, "Disabled": proof.InService, "PreMaintenance": proof.InService,
			"Maintenance": proof.Maintenance, "": proof.InService, "OfANewerZStack": proof.InService,
		}
		n := byte(0)
		for state := range states {
			n++
			z.host("h"+state, "host "+state, netip.AddrFrom4([4]byte{10, 0, 0, n}).String(), state)
		}
		for _, host := range z.hosts() {
			if want := states[strings.TrimPrefix(host.Name, "host ")]; host.State != want {
				t.Errorf("%s is %v, want %v", host.Name, host.State, want)
			}
		}
	})
}

// TestStatesOfMachines: which states make volumes count as open, and which keep a
// host in service although ZStack says Maintenance.
func TestStatesOfMachines(t *testing.T) {
	const open, left, ended = "its volumes are open", "it may be there", "it has no process"
	states := map[string]string{
		"Running": open, "Paused": open, "Pausing": open, "Resuming": open, "Migrating": open,
		"VolumeRecovering": open, "Rebooting": open, "Stopping": open, "Unknown": open,
		"Starting": left, "Crashed": left, "Destroying": left, "VolumeMigrating": left, "Error": left, "OfANewerZStack": left,
		"Created": ended, "Stopped": ended, "Destroyed": ended, "Expunging": ended,
	}
	eachDatabase(t, func(t *testing.T, z zstack) {
		z.host("h", "kvm", "10.0.0.1", "Maintenance")
		for state, want := range states {
			z.machine("m", "h", state, "zbs://pool/vol")
			option, log := logged()
			host := z.hosts(option)[0]
			got := ended
			switch {
			case len(host.Open) > 0:
				got = open
			case host.State == proof.InService:
				got = left
			}
			if got != want {
				t.Errorf("%s: %s, want %s", state, got, want)
			}
			if inService := host.State == proof.InService; inService != (want != ended) {
				t.Errorf("%s: the host is %v", state, host.State)
			}
			if warned := strings.Contains(log.String(), "level=WARN"); warned != (want != ended) {
				t.Errorf("%s: logged %q", state, log)
			}
			z.exec(`DELETE FROM VmInstanceVO`, `DELETE FROM VolumeVO`)
		}
	})
}

// TestMachineWithoutZBSVolumeKeepsItsHostInService: the disks of the machine are
// elsewhere, but it still runs on a host that claims Maintenance.
func TestMachineWithoutZBSVolumeKeepsItsHostInService(t *testing.T) {
	eachDatabase(t, func(t *testing.T, z zstack) {
		z.host("h", "kvm", "10.0.0.1", "Maintenance")
		z.machine("m", "h", "Running", "ceph://pool/root")
		z.run(`INSERT INTO PrimaryStorageClusterRefVO VALUES ('ps1', 'c1')`)
		for _, options := range [][]zstackhosts.Option{nil, {zstackhosts.PrimaryStorage("ps1")}} {
			if host := z.hosts(options...)[0]; host.State != proof.InService || len(host.Open) != 0 {
				t.Errorf("with %d options got %+v, want it in service with nothing open", len(options), host)
			}
		}
	})
}

func TestLikeliestVolumesComeFirst(t *testing.T) {
	eachDatabase(t, func(t *testing.T, z zstack) {
		z.host("h", "kvm", "10.0.0.1", "Enabled")
		for i, state := range []string{"Unknown", "Stopping", "Crashed", "Migrating", "Running"} {
			z.machine("m"+state, "h", state, "zbs://pool/"+string(rune('a'+i))+state)
		}
		var got []string
		for _, path := range z.hosts()[0].Open {
			got = append(got, path.Volume)
		}
		if want := []string{"eRunning", "dMigrating", "bStopping", "aUnknown"}; !slices.Equal(got, want) {
			t.Errorf("open are %q, want %q", got, want)
		}
	})
}

func TestPathsThatAreSkipped(t *testing.T) {
	eachDatabase(t, func(t *testing.T, z zstack) {
		z.host("h", "kvm", "10.0.0.1", "Enabled")
		z.machine("m1", "h", "Running", "zbs://pool", "zbs://pool/iso@snap", "zbs://pool/vol")
		option, log := logged()
		host := z.hosts(option)[0]
		if want := []zbs.Path{{Pool: "pool", Volume: "vol"}}; !slices.Equal(host.Open, want) {
			t.Errorf("open are %v, want %v", host.Open, want)
		}
		if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "level=WARN") ||
			!strings.Contains(got, "machine=m1") || !strings.Contains(got, "zbs://pool") {
			t.Errorf("logged %q, want one warning that names machine and path", got)
		}
	})
}

func TestRepeatedNames(t *testing.T) {
	eachDatabase(t, func(t *testing.T, z zstack) {
		z.host("aaaabbbbccccdddd", "kvm", "10.0.0.1", "Enabled")
		z.host("eeeeffff00001111", "kvm", "10.0.0.2", "Enabled")
		z.host("2222", "KVM", "10.0.0.3", "Enabled")
		z.host("3333", "", "10.0.0.4", "Enabled")
		want := []string{"3333", "KVM", "kvm (aaaabbbb)", "kvm (eeeeffff)"}
		if got := names(z.hosts()); !slices.Equal(got, want) {
			t.Errorf("names are %q, want %q", got, want)
		}
	})
}

func TestPrimaryStorage(t *testing.T) {
	eachDatabase(t, func(t *testing.T, z zstack) {
		z.host("h1", "kvm-1", "10.0.0.1", "Enabled")
		z.host("h2", "kvm-2", "10.0.0.2", "Enabled")
		z.host("esx", "esx", "esx.example", "Enabled")
		z.tag("esx", "extraips::no address")
		z.run(`UPDATE HostEO SET clusterUuid = uuid`)
		z.run(`INSERT INTO PrimaryStorageClusterRefVO VALUES ('ps1', 'h1'), ('ps1', 'h2'), ('ps2', 'h2'), ('ps3', 'esx')`)
		z.machine("m", "h2", "Running", "zbs://pool/of-ps1", "zbs://pool/of-ps2")
		z.run(`UPDATE VolumeVO SET primaryStorageUuid = 'ps2' WHERE installPath LIKE '%ps2'`)
		for uuid, want := range map[string][]string{"ps1": {"kvm-1", "kvm-2"}, "ps2": {"kvm-2"}} {
			hosts := z.hosts(zstackhosts.PrimaryStorage(uuid))
			if got := names(hosts); !slices.Equal(got, want) {
				t.Errorf("hosts of %s are %q, want %q", uuid, got, want)
			}
			open := hosts[len(hosts)-1].Open
			if want := []zbs.Path{{Pool: "pool", Volume: "of-" + uuid}}; !slices.Equal(open, want) {
				t.Errorf("open volumes of %s are %v, want %v", uuid, open, want)
			}
		}
	})
}

// TestAddressesOfSeveralHostsAreDropped: a Docker bridge is on every host.
func TestAddressesOfSeveralHostsAreDropped(t *testing.T) {
	eachDatabase(t, func(t *testing.T, z zstack) {
		z.host("h1", "kvm-1", "10.0.0.1", "Enabled")
		z.host("h2", "kvm-2", "10.0.0.2", "Enabled")
		z.host("h3", "elsewhere", "10.0.0.3", "Enabled")
		z.run(`UPDATE HostEO SET clusterUuid = 'c2' WHERE uuid = 'h3'`)
		z.run(`INSERT INTO PrimaryStorageClusterRefVO VALUES ('ps1', 'c1')`)
		z.tag("h1", "extraips::172.17.0.1,192.168.7.1,192.168.7.1,169.254.64.1")
		z.tag("h2", "extraips::192.168.7.2,::ffff:172.17.0.1")
		z.tag("h3", "extraips::169.254.64.1") // counts although the host is not part of the inventory
		option, log := logged()
		want := []proof.Host{
			{Name: "kvm-1", Addrs: addrs("10.0.0.1", "192.168.7.1")},
			{Name: "kvm-2", Addrs: addrs("10.0.0.2", "192.168.7.2")},
		}
		got := z.hosts(zstackhosts.PrimaryStorage("ps1"), option)
		if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
			t.Errorf("hosts (-want +got):\n%s", diff)
		}
		for _, want := range []string{`addr=169.254.64.1 hosts="[h1 h3]"`, `addr=172.17.0.1 hosts="[h1 h2]"`} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("logged %q, want %q in it", log, want)
			}
		}
	})
}
