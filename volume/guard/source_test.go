package guard_test

import (
	"context"
	"net/netip"
	"testing"
	"testing/synctest"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

// hostSource is a function that tells the hosts.
type hostSource func() ([]guard.Host, error)

func (s hostSource) Hosts(context.Context) ([]guard.Host, error) { return s() }

// A manager may keep one list of hosts and change it in place: an address that
// moved to another host is not that of the host before.
func TestHostsChangedInPlace(t *testing.T) {
	bubble(t, "", func(t *testing.T, cluster *fakemds.Cluster, _ *guard.Guard) {
		all := hosts()
		g := guardOf(t, cluster, hostSource(func() ([]guard.Host, error) { return all, nil }))
		cluster.Open(path.String(), "192.168.7.1:9001")
		expect(t, g, "an address of the allowed host", guard.Free, "", guard.AllowHost("kvm-1"))
		moved := all[0].Addrs[1]
		all[0].Addrs[1] = netip.MustParseAddr("192.168.7.9")
		all[1].Addrs[1] = moved
		report := expect(t, g, "it is of another host now", guard.InUse, "", guard.AllowHost("kvm-1"))
		if h := report.ForeignHolders(); len(h) != 1 || h[0].Host != "kvm-2" {
			t.Errorf("holders %+v, want kvm-2", h)
		}
		if _, err := guard.Replay(report, report.ObservedAt); err == nil || report.Evidence.Hosts.At(1).Addrs[1] != moved {
			t.Errorf("replayed: %v", err)
		}
		before := report.Evidence.Hosts
		all[1].Addrs[1] = netip.MustParseAddr("192.168.7.2")
		if before.At(1).Addrs[1] != moved {
			t.Error("a report changes with the list of hosts")
		}
	})
}

func TestHostSourceFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := newCluster(t, 3)
		failed := guardOf(t, cluster, hostSource(func() ([]guard.Host, error) { return nil, context.DeadlineExceeded }))
		expect(t, failed, "the source fails", guard.Unknown, proof.InventoryUnknown)
		empty := guardOf(t, cluster, hostSource(func() ([]guard.Host, error) { return nil, nil }))
		expect(t, empty, "the source has no host", guard.Unknown, proof.NoInventory)
		expect(t, guardOf(t, cluster, nil), "there is no source", guard.Unknown, proof.NoInventory)
		twice := guardOf(t, cluster, hostSource(func() ([]guard.Host, error) { return append(hosts(), kvm(1)), nil }))
		expect(t, twice, "the source names a host twice", guard.Unknown, proof.InventoryUnknown)
	})
}
