package guard_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"net/netip"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

var update = flag.Bool("update", false, "write testdata anew")

// saved returns the report as it comes back from a file.
func saved(t *testing.T, report guard.Report) (doc []byte, again guard.Report) {
	t.Helper()
	doc, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(doc, &again); err != nil {
		t.Fatal(err)
	}
	return doc, again
}

func TestReplay(t *testing.T) {
	fence := guard.Attestation{Host: netip.MustParseAddr("10.0.0.6"), At: time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC), By: "bmc-6"}
	for want, prepare := range map[guard.Verdict]func(c *fakemds.Cluster){
		guard.Free: func(c *fakemds.Cluster) {
			c.Open(path.String(), "10.0.0.6:9001") // fenced
			c.Node(1).Inject(fakemds.Refuse)
		},
		guard.InUse:   func(c *fakemds.Cluster) { c.Open(path.String(), "10.0.0.7:9001") },
		guard.Unknown: func(c *fakemds.Cluster) { c.Node(0).SetCluster("another"); c.Node(2).Inject(fakemds.Garbage) },
	} {
		synctest.Test(t, func(t *testing.T) {
			cluster, g := guarded(t, 3)
			prepare(cluster)
			report, err := g.Check(t.Context(), path, guard.AllowHost("10.0.0.5"), guard.FencedBy(fence), guard.MinCanaryHosts(2))
			if report.Verdict != want {
				t.Fatalf("%v, %v; want %v", report.Verdict, err, want)
			}
			_, again := saved(t, report)
			if diff := cmp.Diff(report, again, cmp.AllowUnexported(guard.Terms{}), cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
				cmp.Comparer(func(a, b guard.Load) bool { return true })); diff != "" {
				t.Errorf("%v: it is not what was saved (-want +got):\n%s", want, diff)
			}
			replayed, replayErr := guard.Replay(again, time.Now())
			if replayed.Verdict != want || (replayErr == nil) != (err == nil) ||
				errors.Is(err, guard.ErrInUse) != errors.Is(replayErr, guard.ErrInUse) ||
				errors.Is(err, guard.ErrUndetermined) != errors.Is(replayErr, guard.ErrUndetermined) {
				t.Errorf("replayed: %v, %v; want %v, %v", replayed.Verdict, replayErr, want, err)
			}
			for why, at := range map[string]time.Time{
				"expired":      report.ObservedAt.Add(report.ValidFor),
				"a year later": report.ObservedAt.AddDate(1, 0, 0),
				"clock behind": report.ObservedAt.Add(-time.Hour),
			} {
				if r, err := guard.Replay(again, at); !errors.Is(err, guard.ErrReportExpired) || !errors.Is(err, guard.ErrUndetermined) || r.Verdict != guard.Unknown {
					t.Errorf("%s: %v, %v; want ErrReportExpired", why, r.Verdict, err)
				}
			}
			for _, at := range []time.Time{report.ObservedAt, report.ObservedAt.Add(report.ValidFor - 1)} {
				if r, err := guard.Replay(again, at); r.Verdict != want || errors.Is(err, guard.ErrReportExpired) {
					t.Errorf("in time: %v, %v", r.Verdict, err)
				}
			}
		})
	}
}

// Whatever is changed in a report, Replay refuses it.
func TestReplayRefusesTampered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, g := guarded(t, 3)
		cluster.Open(path.String(), "10.0.0.7:9001")
		report, _ := g.Check(t.Context(), path)
		doc, _ := saved(t, report)
		for why, change := range map[string][2]string{
			"verdict":   {`"verdict": "in-use"`, `"verdict": "free"`},
			"volume":    {`"volume": "zbs://lp1/vol"`, `"volume": "zbs://lp1/other"`},
			"holder":    {`"host": "10.0.0.7"`, `"host": "10.0.0.8"`},
			"standing":  {`"standing": "foreign"`, `"standing": "allowed"`},
			"client":    {`"ip": "10.0.0.7"`, `"ip": "10.0.0.5"`},
			"policy":    {`"policy": "quorum"`, `"policy": "first"`},
			"interval":  {`"roundIntervalSeconds": 13`, `"roundIntervalSeconds": 1000`},
			"time":      {`"observedAt": "2000`, `"observedAt": "2001`},
			"begin":     {`"beganAt": "2000`, `"beganAt": "2001`},
			"validity":  {`"validForSeconds": 13`, `"validForSeconds": 1300`},
			"outcome":   {`"outcome": "answered"`, `"outcome": "no-answer"`},
			"synced":    {`"agentVersion": "5.5.0"`, `"agentVersion": ""`},
			"rounds":    {`"rounds": 1`, `"rounds": 2`},
			"reason":    {`"code": "too-few-rounds"`, `"code": "no-quorum"`},
			"note":      {`"code": "no-host-minimum"`, `"code": "fence-later"`},
			"digest":    {`"digest": "`, `"digest": "0`},
			"no digest": {`"digest": "` + report.Digest, `"digest": "`},
			"allowed":   {`"canary": "zbs`, `"allowed": ["10.0.0.7"], "canary": "zbs`},
			"halt":      {`"evidence": {`, `"evidence": {"halt": {"code": "interrupted"},`},
		} {
			if !bytes.Contains(doc, []byte(change[0])) {
				t.Fatalf("%s: the report has no %s:\n%s", why, change[0], doc)
			}
			var changed guard.Report
			if err := json.Unmarshal([]byte(strings.ReplaceAll(string(doc), change[0], change[1])), &changed); err != nil {
				t.Fatalf("%s: %v", why, err)
			}
			if r, err := guard.Replay(changed, report.ObservedAt); !errors.Is(err, guard.ErrReportTampered) || !errors.Is(err, guard.ErrUndetermined) || r.Verdict != guard.Unknown {
				t.Errorf("%s: %v, %v; want ErrReportTampered", why, r.Verdict, err)
			}
		}
		report.Schema = "zbsclient.guard/2"
		if r, err := guard.Replay(report, report.ObservedAt); !errors.Is(err, guard.ErrReportSchema) || r.Verdict != guard.Unknown {
			t.Errorf("another schema: %v, %v", r.Verdict, err)
		}
		if _, err := guard.Replay(guard.Report{}, time.Now()); !errors.Is(err, guard.ErrUndetermined) {
			t.Errorf("the zero report: %v", err)
		}
	})
}

// The document is a contract: its keys are these, and saved ones stay readable.
func TestReportDocument(t *testing.T) {
	const file = "testdata/guard_report.json"
	synctest.Test(t, func(t *testing.T) {
		cluster, g := guarded(t, 3)
		cluster.Open(path.String(), "10.0.0.6:9001")
		cluster.Node(1).Inject(fakemds.AgentError("no leader").On("ping"))
		report, err := g.Check(t.Context(), path, guard.AllowHost("10.0.0.6"), guard.MinCanaryHosts(3), guard.FencedBy(
			guard.Attestation{Host: netip.MustParseAddr("10.0.0.9"), At: time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC), By: "bmc-9"}))
		if err != nil {
			t.Fatal(err)
		}
		doc, _ := saved(t, report)
		if *update {
			if err := os.WriteFile(file, append(doc, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(doc)+"\n"); diff != "" {
			t.Errorf("the document changed (-want +got):\n%s", diff)
		}
		var old guard.Report
		if err := json.Unmarshal(want, &old); err != nil {
			t.Fatal(err)
		}
		if r, err := guard.Replay(old, old.ObservedAt); err != nil || r.Verdict != guard.Free {
			t.Errorf("replay of the saved document: %v, %v", r.Verdict, err)
		}
	})
}

// A report about what is no path can be written, and not be mistaken for one.
func TestReportOfNoPath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, g := guarded(t, 1)
		report, _ := g.Check(t.Context(), zbs.Path{Pool: "lp1", Volume: "v;reboot"})
		doc, err := json.Marshal(report)
		if err != nil || !bytes.Contains(doc, []byte(`"volume":"zbs://lp1/v;reboot"`)) {
			t.Errorf("%s, %v", doc, err)
		}
		var again guard.Report
		if err := json.Unmarshal(doc, &again); !errors.Is(err, zbs.ErrInvalidPath) {
			t.Errorf("read back: %v, want ErrInvalidPath", err)
		}
	})
}
