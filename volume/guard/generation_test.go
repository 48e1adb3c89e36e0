package guard_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/internal/mdstest"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// G6 and older are never asked, G7e never tells its version, and G10 may not tell
// its server.
const (
	g6, g7, g7e, g8, g9, g10 = fakemds.G6, fakemds.G7, fakemds.G7e, fakemds.G8, fakemds.G9, fakemds.G10
)

// ofGenerations runs f in a bubble on a cluster of agents of these generations.
func ofGenerations(t *testing.T, name string, generations []fakemds.Generation, f func(t *testing.T, cluster *fakemds.Cluster, g *guard.Guard)) {
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			cluster := newCluster(t, len(generations), fakemds.Generations(generations...))
			f(t, cluster, guardOf(t, cluster, hosts()))
			for _, harm := range cluster.Harm() {
				t.Errorf("harm: %+v", harm)
			}
		})
	})
}

// What a check comes to depends on what agents can tell, and not on which
// generations they are of.
func TestGenerations(t *testing.T) {
	for _, c := range []struct {
		agents []fakemds.Generation
		idle   guard.Verdict
		note   guard.Code // of an idle volume; a reason when it is Unknown
	}{
		{[]fakemds.Generation{g7, g7, g7}, guard.Free, proof.ServerUnknown},
		{[]fakemds.Generation{g7e, g7e, g7e}, guard.Free, proof.ServerUnknown},
		{[]fakemds.Generation{g7e, g9, g9}, guard.Free, ""},
		{[]fakemds.Generation{g8, g8, g8}, guard.Free, proof.ServerUnknown},
		{[]fakemds.Generation{g9, g10, g10}, guard.Free, ""},
		{[]fakemds.Generation{g10, g10, g10}, guard.Free, ""},
		{[]fakemds.Generation{g6, g9, g10}, guard.Free, proof.AgentTooOld},
		{[]fakemds.Generation{g6, g7e, g10}, guard.Free, proof.AgentTooOld},
		{[]fakemds.Generation{fakemds.G1, fakemds.G6z, g9}, guard.Unknown, proof.AgentTooOld},
		{[]fakemds.Generation{fakemds.G2, g6, g6}, guard.Unknown, proof.AgentTooOld},
	} {
		var names []string
		newer := 0
		for _, g := range c.agents {
			names = append(names, g.String())
			if g >= g7 {
				newer++
			}
		}
		ofGenerations(t, strings.Join(names, "+"), c.agents, func(t *testing.T, cluster *fakemds.Cluster, g *guard.Guard) {
			report := expect(t, g, "idle", c.idle, "")
			if said := slices.Concat(report.Reasons, report.Notes); c.note != "" && !hasReason(said, c.note) {
				t.Errorf("reasons %v, notes %v; want %s", report.Reasons, report.Notes, c.note)
			}
			if !replays(t, report) {
				t.Error("the report does not replay")
			}
			for i := range c.agents { // open, by the word of each MDS alone
				if c.agents[i] < g7 {
					continue
				}
				for j := range c.agents {
					if cluster.Node(j).Clear(); j != i {
						cluster.Node(j).Inject(fakemds.Refuse)
					}
				}
				cluster.Open(path.String(), "10.0.0.2:9001")
				expect(t, guardOf(t, cluster, hosts()), fmt.Sprintf("open, says MDS %d", i), guard.InUse, "")
				cluster.CloseClient(path.String(), "10.0.0.2")
			}
			for j := range c.agents {
				cluster.Node(j).Clear()
			}
			cluster.Open(path.String(), "10.0.0.2:9001")
			if newer > 0 {
				expect(t, g, "open", guard.InUse, "")
				expect(t, g, "open on the allowed host", c.idle, "", guard.AllowHost("kvm-2"))
			}
		})
	}
}

// replays reports whether the report, written and read again, comes to the same.
func replays(t *testing.T, report guard.Report) bool {
	t.Helper()
	doc, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	var saved guard.Report
	if err := json.Unmarshal(doc, &saved); err != nil {
		t.Fatal(err)
	}
	again, err := guard.Replay(saved, report.ObservedAt)
	return again.Verdict == report.Verdict && !errors.Is(err, guard.ErrReportTampered)
}

// Nothing is sent to an agent that is too old but the question whether it is.
func TestOldAgentsAreNotAsked(t *testing.T) {
	for _, generation := range fakemds.AllGenerations() {
		if generation >= g7 {
			continue
		}
		ofGenerations(t, generation.String(), []fakemds.Generation{generation, g9, g9}, func(t *testing.T, cluster *fakemds.Cluster, g *guard.Guard) {
			report := expect(t, g, "beside two", guard.Free, "")
			i := slices.IndexFunc(report.Notes, func(r guard.Reason) bool { return r.Code == proof.AgentTooOld })
			if i < 0 || !strings.Contains(report.Notes[i].Detail, "ZSV 4.10") {
				t.Errorf("notes %v, want the releases", report.Notes)
			}
			for _, p := range []guard.Policy{guard.Quorum, guard.All, guard.First} {
				g.Check(t.Context(), path, guard.WithPolicy(p))
			}
			for range g.CheckAll(t.Context(), slices.Values([]zbs.Path{path, disk(1)})) {
			}
			for _, r := range cluster.Node(0).Requests() {
				if !strings.HasSuffix(r.Path, "/volume/clients") || r.Executed || r.Status != 404 {
					t.Errorf("sent %s, executed %t, status %d", r.Path, r.Executed, r.Status)
				}
			}
			if n := cluster.Node(0).Probes(); n == 0 {
				t.Error("it was not asked whether it is too old")
			}
		})
	}
}

// Agents of G7e say in no ping that they were synced.
func TestAgentsThatNeverTell(t *testing.T) {
	all := []fakemds.Generation{g7e, g7e, g7e}
	closeAll := func(cluster *fakemds.Cluster) {
		for i := range 3 {
			cluster.CloseClient(disk(i+1).String(), fmt.Sprintf("10.0.0.%d", i+1))
		}
	}
	ofGenerations(t, "as quick as others", all, func(t *testing.T, cluster *fakemds.Cluster, g *guard.Guard) {
		timed(t, "the first check", interval, func() error { _, err := g.Check(t.Context(), path); return err })
		for i := range 3 {
			cluster.Node(i).ResetLedger()
		}
		expect(t, g, "again", guard.Free, "")
		// As others (TestGuardCost): the disk that is asked for first shows a host as well.
		if n, want := mdstest.Asked(cluster, ""), 2*3*6; n != want {
			t.Errorf("one check costs %d requests, want %d", n, want)
		}
	})
	ofGenerations(t, "by one volume, asked for twice", all, func(t *testing.T, cluster *fakemds.Cluster, _ *guard.Guard) {
		for i := range 3 { // or a list could be from before and from after at once
			cluster.Node(i).Inject(fakemds.Slow(10 * time.Millisecond))
		}
		g := guardOf(t, cluster, guard.Hosts{kvm(1)})
		expect(t, g, "of the allowed host", guard.Free, "", guard.AllowHost("kvm-1"))
		one := kvm(1)
		one.Open = nil
		expect(t, guardOf(t, cluster, guard.Hosts{one}), "a canary", guard.Free, "", guard.Canary(disk(1)))
	})
	ofGenerations(t, "a batch", all, func(t *testing.T, cluster *fakemds.Cluster, g *guard.Guard) {
		for report, err := range g.CheckAll(t.Context(), thousands(cluster, 20)) {
			if err != nil {
				t.Errorf("%s: %v", report.Volume, err)
			}
		}
	})
	ofGenerations(t, "nobody has anything open", all, func(t *testing.T, cluster *fakemds.Cluster, g *guard.Guard) {
		closeAll(cluster)
		report := expect(t, g, "idle", guard.Unknown, proof.SyncUntold)
		for _, o := range report.Evidence.Rounds[0].Observations {
			if o.Generation != "G7e" {
				t.Errorf("%s is of generation %q, want it in the evidence", o.MDS, o.Generation)
			}
		}
		if i := slices.IndexFunc(report.Reasons, func(r guard.Reason) bool { return r.Code == proof.SyncUntold }); i < 0 || report.Reasons[i].Detail != "generation G7e" {
			t.Errorf("reasons %v, want the generation", report.Reasons)
		}
		if hasReason(report.Reasons, proof.Unsynced) || !replays(t, report) {
			t.Errorf("reasons %v, want nothing of a sync; and a report that replays", report.Reasons)
		}
	})
	ofGenerations(t, "an unsynced agent of another generation", []fakemds.Generation{g9, g9, g9}, func(t *testing.T, cluster *fakemds.Cluster, g *guard.Guard) {
		for i := range 3 {
			cluster.Node(i).Unsync()
		}
		if report := expect(t, g, "idle", guard.Unknown, proof.Unsynced); hasReason(report.Reasons, proof.SyncUntold) {
			t.Errorf("reasons %v, want that it is unsynced", report.Reasons)
		}
	})
}

// An agent that restarts once it was asked for the first volume lists nobody from
// then on.
func TestAgentsThatNeverTellRestart(t *testing.T) {
	const slow = 100 * time.Millisecond
	for _, after := range []time.Duration{0, slow, 2 * slow, 3 * slow, 4 * slow} { // of the ping, the first volume, the list, …
		ofGenerations(t, after.String(), []fakemds.Generation{g7e, g7e, g7e}, func(t *testing.T, cluster *fakemds.Cluster, g *guard.Guard) {
			expect(t, g, "well", guard.Free, "")
			cluster.Open(path.String(), "10.0.0.2:9001")
			for i := range 3 {
				cluster.Node(i).Inject(fakemds.Slow(slow))
				time.AfterFunc(after+slow/2, func() { cluster.Node(i).Unsync() })
			}
			if report, _ := g.Check(t.Context(), path); report.Verdict == guard.Free || after <= slow && report.Verdict != guard.Unknown {
				t.Errorf("%v, restarted agents were believed", report.Verdict)
			}
		})
	}
}

// Existence is asked for volume by volume where the question for many fails.
func TestGenerationsExistence(t *testing.T) {
	missing := zbs.Path{Pool: "lp1", Volume: "missing"}
	both := []zbs.Path{path, missing}
	check := func(t *testing.T, g *guard.Guard) {
		t.Helper()
		for report, err := range g.CheckAll(t.Context(), slices.Values(both)) {
			if want := report.Volume == missing; want != hasReason(report.Reasons, proof.VolumeMissing) || want != (err != nil) {
				t.Errorf("%s: %v, reasons %v", report.Volume, err, report.Reasons)
			}
		}
	}
	ofGenerations(t, "G7e", []fakemds.Generation{g7e, g7e, g7e}, func(t *testing.T, cluster *fakemds.Cluster, g *guard.Guard) {
		check(t, g)
		if n := cluster.Node(0).Asked("volume/query"); n == 0 {
			t.Error("no volume was asked for by itself")
		}
		expect(t, g, "alone", guard.Free, "")
		if report, _ := g.Check(t.Context(), missing); !hasReason(report.Reasons, proof.VolumeMissing) {
			t.Errorf("%v, reasons %v; want that it is missing", report.Verdict, report.Reasons)
		}
	})
	ofGenerations(t, "a batch that fails with one that is missing", []fakemds.Generation{g9, g9, g9}, func(t *testing.T, cluster *fakemds.Cluster, g *guard.Guard) {
		for i := range 3 {
			cluster.Node(i).Inject(fakemds.AgentError("failed to execute shell command: status code: kFileNotExists").On("volume/query/batch"))
		}
		check(t, g)
	})
}

// Recognising an MDS costs one request as long as a connection to it is open, and the
// rounds of a check are further apart than that. Where the agent cannot tell its server
// it costs another: after a 404 the Caller asks anew.
func TestGenerationsCost(t *testing.T) {
	for generation, most := range map[fakemds.Generation]int{g7: 3, g7e: 3, g8: 3, g9: 2, g10: 2} {
		ofGenerations(t, generation.String(), []fakemds.Generation{generation, generation, generation}, func(t *testing.T, cluster *fakemds.Cluster, g *guard.Guard) {
			expect(t, g, "first", guard.Free, "")
			if n := cluster.Node(0).Probes(); n < 2 || n > most {
				t.Errorf("%d probes of an MDS, want 2 to %d", n, most)
			}
			before := mdstest.Asked(cluster, "resource/usage")
			for i := range 3 {
				cluster.Node(i).ResetLedger()
			}
			expect(t, g, "again", guard.Free, "")
			if n := cluster.Node(0).Probes(); n != 1 { // its second round
				t.Errorf("%d probes of an MDS that is known, want 1", n)
			}
			if n := mdstest.Asked(cluster, "resource/usage"); n != 0 || before > 3 {
				t.Errorf("servers were asked for %d and then %d times", before, n)
			}
		})
	}
}
