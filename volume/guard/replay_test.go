package guard_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

var update = flag.Bool("update", false, "write testdata anew")

// The document is a contract: its keys are these, and saved ones stay readable.
func TestReportDocument(t *testing.T) {
	const file = "testdata/guard_report.json"
	synctest.Test(t, func(t *testing.T) {
		cluster, g := guarded(t, 3)
		cluster.Open(path.String(), "10.0.0.1:9001")
		cluster.CutOff("10.0.0.2", at(0))
		cluster.CutOff("10.0.0.3", at(0))
		cluster.Node(1).Inject(fakemds.AgentError("no leader").On("ping"))
		w := &listWitness{say: saysNo}
		report, err := g.Check(t.Context(), path, guard.AllowHost("kvm-1"), guard.WithWitness(w), guard.SelfFencing(150*time.Second), guard.FencedBy(
			guard.Attestation{Host: "kvm-2", At: time.Date(1999, 12, 31, 23, 59, 0, 0, time.UTC), By: "bmc-2"}))
		if err != nil {
			t.Fatal(err)
		}
		doc, err := json.MarshalIndent(report, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		doc = append(doc, '\n')
		if *update {
			if err := os.WriteFile(file, doc, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(doc)); diff != "" {
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

// Whatever a Guard finds can be saved and judged anew, also of a batch, whose
// reports share their surveys.
func TestReplayOfChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, g := guarded(t, 3)
		cluster.Node(2).Inject(fakemds.Garbage)
		verdicts := make(map[guard.Verdict]int)
		paths := []zbs.Path{path, disk(1), {Pool: "lp1", Volume: "missing"}, path}
		for report, err := range g.CheckAll(t.Context(), slices.Values(paths)) {
			doc, marshalErr := json.Marshal(report)
			var again guard.Report
			if marshalErr != nil || json.Unmarshal(doc, &again) != nil {
				t.Fatalf("%s: %v", doc, marshalErr)
			}
			replayed, replayErr := guard.Replay(again, report.ObservedAt)
			if replayed.Verdict != report.Verdict || errors.Is(replayErr, guard.ErrReportTampered) || (err == nil) != (replayErr == nil) {
				t.Errorf("%s: %v, %v; replayed %v, %v", report.Volume, report.Verdict, err, replayed.Verdict, replayErr)
			}
			verdicts[report.Verdict]++
		}
		if diff := cmp.Diff(map[guard.Verdict]int{guard.Free: 2, guard.InUse: 1, guard.Unknown: 1}, verdicts); diff != "" {
			t.Errorf("verdicts (-want +got):\n%s", diff)
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
