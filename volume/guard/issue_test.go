package guard_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/internal/clock"
	"github.com/zbsclient/zbsclient/internal/mdstest"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// Situations in which an earlier Guard said too much or too little, and the right verdict.

// at returns how long something takes, always the same.
func at(d time.Duration) fakemds.RegistryDelay {
	return func(string, fakemds.ClientState) time.Duration { return d }
}

func hasReason(reasons []guard.Reason, code guard.Code) bool {
	return slices.ContainsFunc(reasons, func(r guard.Reason) bool { return r.Code == code })
}

// wantUnknown checks once and wants Unknown for this reason.
func wantUnknown(t *testing.T, g *guard.Guard, code guard.Code, opts ...guard.CheckOption) guard.Report {
	t.Helper()
	report, err := g.Check(t.Context(), path, opts...)
	if report.Verdict != guard.Unknown || !errors.Is(err, guard.ErrUndetermined) || !hasReason(report.Reasons, code) {
		t.Errorf("%v, reasons %v; want unknown for %s", report.Verdict, report.Reasons, code)
	}
	return report
}

// Hosts open the heartbeat volume for an instant at a time, and the volume in
// question is idle.
func TestIssueHostsKeepNoHeartbeatVolumeOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, g := guarded(t, 3)
		cluster.AddVolume("zbs://lp1/" + guard.HeartbeatVolume)
		began := time.Now()
		if report, err := g.Check(t.Context(), path); err != nil {
			t.Errorf("%v: %v", report.Verdict, err)
		}
		if took := time.Since(began); took != interval {
			t.Errorf("took %v, want the healthy time, %v", took, interval)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		cluster := newCluster(t, 3)
		idle := hosts()
		for i := range idle {
			idle[i].Open = nil
			cluster.CloseClient(disk(i+1).String(), fmt.Sprintf("10.0.0.%d", i+1))
		}
		g := guardOf(t, cluster, idle)
		report := wantUnknown(t, g, proof.ListingUnproved)
		// The remedy works when it is followed: a small volume is kept open on
		// each host.
		if len(report.Reasons) == 0 || report.Reasons[0].Settle() == "" {
			t.Errorf("no remedy: %v", report.Reasons)
		}
		for i := range idle {
			cluster.Open(disk(i+1).String(), fmt.Sprintf("10.0.0.%d:9000", i+1))
			idle[i].Open = []zbs.Path{disk(i + 1)}
		}
		if report, err := guardOf(t, cluster, idle).Check(t.Context(), path); err != nil {
			t.Errorf("after the remedy: %v: %v", report.Verdict, err)
		}
	})
}

func TestIssueHostLostTheMDSAndStillWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, g := guarded(t, 3)
		cluster.Open(path.String(), "10.0.0.2:9001")
		cluster.CutOff("10.0.0.2", at(50*time.Second))
		time.Sleep(51 * time.Second)
		report := wantUnknown(t, g, proof.HostUnproved)
		if !slices.ContainsFunc(report.Reasons, func(r guard.Reason) bool { return r.Detail == "kvm-2" }) {
			t.Errorf("reasons %v do not name the host", report.Reasons)
		}
	})
}

func TestIssueNewcomersReplaceLostHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, g := guarded(t, 3)
		for i := 2; i <= 3; i++ {
			cluster.CutOff(fmt.Sprintf("10.0.0.%d", i), at(0))
			cluster.AddVolume(disk(1).String(), fmt.Sprintf("10.0.0.%d:9000", i+5))
		}
		report := wantUnknown(t, g, proof.HostUnproved)
		if !hasReason(report.Reasons, proof.InventoryIncomplete) {
			t.Errorf("reasons %v, want that the inventory lacks the newcomers", report.Reasons)
		}
	})
}

func TestIssueOneHostShowsTwoAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, g := guarded(t, 3)
		cluster.Open(disk(1).String(), "192.168.7.1:9000")
		cluster.CutOff("10.0.0.2", at(0))
		wantUnknown(t, g, proof.HostUnproved)
	})
}

func TestIssueAttestationOfAHostNeverSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, g := guarded(t, 3)
		_, err := g.Check(t.Context(), path, guard.FencedBy(guard.Attestation{Host: "10.9.9.9", At: time.Now(), By: "bmc"}))
		if !errors.Is(err, guard.ErrUndetermined) {
			t.Errorf("%v, want that the host is in no inventory", err)
		}
	})
}

func TestIssueCanaryOfAnotherPool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, g := guarded(t, 3)
		other := zbs.Path{Pool: "lp10", Volume: "canary"}
		cluster.AddVolume(other.String(), "10.0.0.1", "10.0.0.3")
		cluster.CutOff("10.0.0.2", at(0))
		wantUnknown(t, g, proof.HostUnproved, guard.Canary(other))
	})
}

func TestIssueFenceOneHourOld(t *testing.T) {
	fence := func(age time.Duration) guard.CheckOption {
		return guard.FencedBy(guard.Attestation{Host: "kvm-2", At: time.Now().Add(-age), By: "bmc-2"})
	}
	synctest.Test(t, func(t *testing.T) {
		cluster, g := guarded(t, 3)
		cluster.Open(path.String(), "10.0.0.2:9001") // since 50 minutes
		report, err := g.Check(t.Context(), path, fence(time.Hour))
		if report.Verdict != guard.InUse {
			t.Errorf("%v, %v; want in use", report.Verdict, err)
		}
		cluster.CutOff("10.0.0.2", at(0))
		wantUnknown(t, g, proof.FenceOld, fence(time.Hour))
		if report, err := g.Check(t.Context(), path, fence(time.Minute)); err != nil {
			t.Errorf("a minute old: %v, %v", report.Verdict, err)
		}
	})
	synctest.Test(t, func(t *testing.T) { // fresh enough, but the host is listed
		cluster, g := guarded(t, 3)
		cluster.Open(path.String(), "10.0.0.2:9001")
		report, err := g.Check(t.Context(), path, fence(56*time.Second))
		if report.Verdict != guard.InUse || !hasReason(report.Notes, proof.FenceBroken) {
			t.Errorf("listed 56 s after its fence: %v, %v, notes %v; want in use", report.Verdict, err, report.Notes)
		}
		if report, err := g.Check(t.Context(), path, fence(10*time.Second)); err != nil {
			t.Errorf("its entry has not expired yet: %v, %v", report.Verdict, err)
		}
	})
}

// thousands adds n volumes and returns their paths.
func thousands(cluster *fakemds.Cluster, n int) iter.Seq[zbs.Path] {
	name := func(i int) zbs.Path { return zbs.Path{Pool: "lp1", Volume: fmt.Sprintf("v%d", i)} }
	for i := range n {
		cluster.AddVolume(name(i).String())
	}
	return func(yield func(zbs.Path) bool) {
		for i := range n {
			if !yield(name(i)) {
				return
			}
		}
	}
}

func TestIssueCheckAllWithASlowBody(t *testing.T) {
	if testing.Short() {
		t.Skip("so many checks are too much for the race detector; -short leaves them out")
	}
	for _, body := range []time.Duration{time.Second, 20 * time.Second} {
		const n = 300
		synctest.Test(t, func(t *testing.T) {
			cluster, g := guarded(t, 3)
			began, seen := time.Now(), 0
			for report, err := range g.CheckAll(t.Context(), thousands(cluster, n)) {
				seen++
				if err != nil || report.Expired() || report.ExpiredAt(time.Now()) {
					t.Fatalf("report %d of %s: %v, observed %v ago", seen, report.Volume, err, time.Since(report.ObservedAt))
				}
				time.Sleep(body)
			}
			took := time.Since(began)
			if least := n * body; seen != n || took > 2*least+time.Minute && body < interval {
				t.Errorf("%d reports in %v, where the body alone takes %v", seen, took, least)
			}
		})
	}
}

// A report is not valid any more after the machine was suspended.
func TestIssueVerdictAfterASuspend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, g := guarded(t, 3)
		report, err := g.Check(t.Context(), path)
		if err != nil || report.Expired() {
			t.Fatalf("%v, expired: %t", err, report.Expired())
		}
		defer clock.Suspend(2 * interval)() // the virtual interval before it does not count
		if !report.Expired() {
			t.Error("the report is as old as the suspend was long, and not expired")
		}
	})
	synctest.Test(t, func(t *testing.T) {
		cluster, g := guarded(t, 3)
		var undo func()
		time.AfterFunc(interval-time.Millisecond, func() { cluster.Node(0).Inject(fakemds.Slow(20 * time.Millisecond)) })
		time.AfterFunc(interval+time.Millisecond, func() { undo = clock.Suspend(time.Hour) })
		report, err := g.Check(t.Context(), path)
		if !errors.Is(err, guard.ErrReportExpired) || !errors.Is(err, guard.ErrUndetermined) {
			t.Errorf("suspended during the last round: %v, %v", report.Verdict, err)
		}
		synctest.Wait()
		undo()
	})
}

// silences are the ways in which one MDS gives no sign.
var silences = map[string]fakemds.Fault{
	"hung": fakemds.Hang, "blackholed": fakemds.Blackhole, "loses callbacks": fakemds.CallbackLost,
}

func TestIssueOneSilentMDS(t *testing.T) {
	for name, fault := range silences {
		for node := range 3 {
			t.Run(fmt.Sprintf("%s, MDS %d", name, node), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					cluster, g := guarded(t, 3)
					cluster.Node(node).Inject(fault)
					timed(t, "one check", interval+time.Second, func() error {
						_, err := g.Check(t.Context(), path)
						return err
					})
				})
				synctest.Test(t, func(t *testing.T) {
					cluster, g := guarded(t, 3)
					cluster.Node(node).Inject(fault)
					cluster.Open(path.String(), "10.0.0.3:9001")
					timed(t, "in use", 300*time.Millisecond, func() error {
						if _, err := g.Check(t.Context(), path); !errors.Is(err, guard.ErrInUse) {
							return fmt.Errorf("%w, want ErrInUse", err)
						}
						return nil
					})
				})
				synctest.Test(t, func(t *testing.T) {
					cluster, g := guarded(t, 3)
					paths := slices.Collect(thousands(cluster, 6))
					cluster.Node(node).Inject(fault)
					timed(t, "six disks at once", interval+time.Second, func() error { return together(t.Context(), g, paths) })
				})
			})
		}
	}
}

// timed fails when f takes longer than most, or returns an error.
func timed(t *testing.T, what string, most time.Duration, f func() error) {
	t.Helper()
	began := time.Now()
	if err := f(); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	if took := time.Since(began); took > most {
		t.Errorf("%s took %v, want at most %v", what, took, most)
	}
}

// together checks all paths at the same time.
func together(ctx context.Context, g *guard.Guard, paths []zbs.Path) error {
	errs := make([]error, len(paths))
	var wg sync.WaitGroup
	for i, p := range paths {
		wg.Go(func() { _, errs[i] = g.Check(ctx, p) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func TestIssueManyVolumesBesideASilentMDS(t *testing.T) {
	if testing.Short() {
		t.Skip("so many checks are too much for the race detector; -short leaves them out")
	}
	const n = 2000
	all := func(t *testing.T, silent bool) (took time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			cluster, g := guarded(t, 3)
			paths := thousands(cluster, n)
			for i := range 3 {
				cluster.Node(i).Inject(fakemds.Slow(time.Millisecond))
			}
			if silent {
				cluster.Node(1).Inject(fakemds.Hang)
			}
			began, free := time.Now(), 0
			for report, err := range g.CheckAll(t.Context(), paths) {
				if err != nil {
					t.Fatalf("%s: %v", report.Volume, err)
				}
				free++
			}
			if took = time.Since(began); free != n {
				t.Errorf("%d of %d", free, n)
			}
		})
		return took
	}
	healthy, beside := all(t, false), all(t, true)
	t.Logf("%d volumes: %v when all is well, %v beside a hung MDS", n, healthy, beside)
	if beside > healthy*6/5 {
		t.Errorf("a hung MDS makes it %.2f times as long", float64(beside)/float64(healthy))
	}
}

// staleWord freezes the nodes' lists while the volume is idle, and opens it then.
func staleWord(cluster *fakemds.Cluster, nodes ...int) {
	for _, i := range nodes {
		cluster.Node(i).FreezeClients()
	}
	cluster.Open(path.String(), "10.0.0.2:9001")
}

func TestIssueListOfOneMDS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, g := guarded(t, 1)
		report, err := g.Check(t.Context(), path)
		if err != nil || !hasReason(report.Notes, proof.SingleMDS) {
			t.Errorf("%v, notes %v; want the note that the list has one MDS", err, report.Notes)
		}
	})
}

// A host of the inventory with two owners is refused, by value.
func TestIssueAddressOfTwoHosts(t *testing.T) {
	twice := hosts()
	twice[1].Addrs = append(twice[1].Addrs, netip.MustParseAddr("::ffff:10.0.0.1"))
	synctest.Test(t, func(t *testing.T) {
		_, err := guard.New(mdstest.Caller(t, newCluster(t, 1)), twice)
		if err == nil || err.Error() != "invalid option: inventory of hosts: address 10.0.0.1 belongs to both kvm-1 and kvm-2" {
			t.Errorf("%v, want both hosts named", err)
		}
	})
}

func TestIssueThreeAddressesOfOneAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := newCluster(t, 3)
		addrs := []string{cluster.Addrs()[0], cluster.Alias(0), cluster.Alias(0)}
		staleWord(cluster, 0)
		g := guardAt(t, cluster, addrs)
		wantUnknown(t, g, proof.SameServer)
	})
	synctest.Test(t, func(t *testing.T) { // one server twice, and another
		cluster := newCluster(t, 3)
		g := guardAt(t, cluster, []string{cluster.Addrs()[0], cluster.Alias(0), cluster.Addrs()[1]})
		report, err := g.Check(t.Context(), path)
		if err != nil || !hasReason(report.Notes, proof.SameServer) {
			t.Errorf("%v, notes %v; want free, with the note", err, report.Notes)
		}
		cluster.Node(1).Inject(fakemds.Refuse)
		staleWord(cluster, 0)
		wantUnknown(t, g, proof.NoQuorum)
	})
	synctest.Test(t, func(t *testing.T) { // agents that do not tell
		cluster, g := guarded(t, 3)
		for i := range 3 {
			cluster.Node(i).SetServer("Not Specified")
		}
		report, err := g.Check(t.Context(), path)
		if err != nil || !hasReason(report.Notes, proof.ServerUnknown) {
			t.Errorf("%v, notes %v; want free, with the note", err, report.Notes)
		}
	})
}

// guardAt returns a Guard of the MDS at these addresses.
func guardAt(t *testing.T, cluster *fakemds.Cluster, addrs []string) *guard.Guard {
	t.Helper()
	g, err := guard.New(mdstest.CallerAt(t, cluster, addrs), hosts())
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestIssueVolumeExportedOverNBD(t *testing.T) {
	export := func(t *testing.T, cluster *fakemds.Cluster) {
		t.Helper()
		cbd := zbs.CBDPath{PhysicalPool: "pp1", Path: path}
		if _, err := mds.Call(t.Context(), mdstest.Caller(t, cluster), zbs.ExportNBD{Path: cbd, Ports: zbs.PortRange{First: 10600, Last: 10800}}); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) { // listed
		cluster, g := guarded(t, 3)
		export(t, cluster)
		if report, err := g.Check(t.Context(), path); report.Verdict != guard.InUse {
			t.Errorf("%v, %v; want in use", report.Verdict, err)
		}
	})
	synctest.Test(t, func(t *testing.T) { // not listed, and nobody answers for the MDS nodes
		cluster := newCluster(t, 3, fakemds.ExportsUnlisted())
		export(t, cluster)
		report, err := guardOf(t, cluster, hosts()).Check(t.Context(), path)
		if err != nil || !hasReason(report.Notes, proof.ExportsUnseen) {
			t.Errorf("%v, notes %v; want the note that exports are not seen", err, report.Notes)
		}
		all := hosts()
		for i := range 3 {
			ip := netip.MustParseAddr(cluster.Node(i).IP())
			all = append(all, guard.Host{Name: fmt.Sprintf("mds-%d", i), Addrs: []netip.Addr{ip}})
		}
		wantUnknown(t, guardOf(t, cluster, all), proof.HostIdle)
	})
}

// Very many volumes of a cluster that is down are told of in minutes, not hours.
func TestCheckAllOfAClusterThatIsDown(t *testing.T) {
	if testing.Short() {
		t.Skip("so many checks are too much for the race detector; -short leaves them out")
	}
	synctest.Test(t, func(t *testing.T) {
		cluster, g := guarded(t, 3)
		paths := thousands(cluster, 1000)
		for i := range 3 {
			cluster.Node(i).Inject(fakemds.Blackhole)
		}
		began, told := time.Now(), 0
		for _, err := range g.CheckAll(t.Context(), paths) {
			if told++; !errors.Is(err, guard.ErrUndetermined) {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); told != 1000 || took > 2*time.Minute {
			t.Errorf("%d reports in %v", told, took)
		}
	})
}
