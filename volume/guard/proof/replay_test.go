package proof_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

// saved returns the report as it comes back from a file.
func saved(t *testing.T, report proof.Report) (doc []byte, again proof.Report) {
	t.Helper()
	doc, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(doc, &again); err != nil {
		t.Fatal(err)
	}
	return doc, again
}

// full is a report that has something everywhere.
func full(changes ...change) proof.Report {
	all := []change{
		rounds(3), allow(kvm(1)), lists(0, ipOf(1), 0), fence(2, time.Second), unseen(2, 0), selfFencing(20 * second), expectCluster("ours"),
		terms(func(t *proof.Terms) { t.Canary = disk(3) }), down(2, 2), on(3, func(o *proof.Observation) { o.Late = true }, 2),
		host(3, func(h *proof.Host) { h.Pools = []string{"lp"} }),
		says(3, 3, alive(-second)), refusesPing(1, "ours", 2), names(2, ""),
		func(c *proof.Case) {
			c.Evidence.Identities[2].Error, c.Evidence.Identities[2].Outcome = "no route", proof.NoAnswer
		},
	}
	return reportOf(append(all, changes...)...)
}

func TestReplay(t *testing.T) {
	for want, report := range map[proof.Verdict]proof.Report{
		proof.Free:    full(),
		proof.InUse:   full(lists(3, ipOf(3))),
		proof.Unknown: full(names(1, "another"), abort(proof.Interrupted)),
	} {
		if report.Verdict != want {
			t.Fatalf("%v, %v; want %v", report.Verdict, report.Reasons, want)
		}
		_, again := saved(t, report)
		same := cmp.Options{cmp.Comparer(func(a, b netip.Addr) bool { return a == b }), cmpopts.IgnoreUnexported(proof.Report{}, proof.Survey{}),
			cmp.Comparer(func(a, b *proof.Inventory) bool { return reflect.DeepEqual(hostsIn(a), hostsIn(b)) })}
		if diff := cmp.Diff(report, again, same); diff != "" {
			t.Errorf("%v: it is not what was saved (-want +got):\n%s", want, diff)
		}
		replayed, err := proof.Replay(again, report.ObservedAt)
		if wantErr := report.Err(nil); replayed.Verdict != want || fmt.Sprint(err) != fmt.Sprint(wantErr) || replayed.Digest != report.Digest {
			t.Errorf("replayed: %v, %v; want %v, %v", replayed.Verdict, err, want, wantErr)
		}
		for why, at := range map[string]time.Time{
			"expired":      report.ObservedAt.Add(report.ValidFor),
			"a year later": report.ObservedAt.AddDate(1, 0, 0),
			"clock behind": report.ObservedAt.Add(-1),
		} {
			if r, err := proof.Replay(again, at); !errors.Is(err, proof.ErrReportExpired) || !errors.Is(err, proof.ErrUndetermined) || r.Verdict != proof.Unknown {
				t.Errorf("%s: %v, %v; want ErrReportExpired", why, r.Verdict, err)
			}
		}
		if r, err := proof.Replay(again, report.ObservedAt.Add(report.ValidFor-1)); r.Verdict != want || errors.Is(err, proof.ErrReportExpired) {
			t.Errorf("in time: %v, %v", r.Verdict, err)
		}
	}
}

func hostsIn(v *proof.Inventory) []proof.Host {
	return hostsOf(&proof.Case{Evidence: proof.Evidence{Hosts: v}})
}

// aside are keys that a reader need not trust: Replay works them out anew, and
// does not look at those of the report.
var aside = []string{".what", ".settle"}

// Whatever is changed in a report, Replay refuses it: each value of the document
// is changed in its turn, and each is taken out.
func TestReplayRefusesTampered(t *testing.T) {
	for _, report := range []proof.Report{full(), full(lists(3, ipOf(3)), abort(proof.Interrupted))} {
		doc, _ := saved(t, report)
		var root any
		if err := json.Unmarshal(doc, &root); err != nil {
			t.Fatal(err)
		}
		changed := make(map[string]bool)
		eachValue(root, "", func(path string, put func(v any), v any) {
			for _, key := range aside {
				if strings.HasSuffix(path, key) {
					return
				}
			}
			for _, other := range otherThan(v) {
				put(other)
				tampered, err := json.Marshal(root)
				put(v)
				if err != nil {
					t.Fatal(err)
				}
				mustBeRefused(t, fmt.Sprintf("%s = %v", path, other), tampered, report.ObservedAt)
			}
			changed[path] = true
		})
		for _, path := range []string{
			".verdict", ".volume", ".policy", ".timing.rounds", ".maxFenceAgeSeconds", ".selfFencingSeconds", ".expectCluster", ".canary", ".allowed[0]",
			".fences[0].host", ".fences[0].at", ".fences[0].by", ".beganAt", ".observedAt", ".validForSeconds", ".rounds", ".digest",
			".hosts[0].means", ".holders[0].standing", ".evidence.hosts[2].open[0]", ".evidence.hosts[1].addrs[1]", ".evidence.hosts[2].pools[0]",
			".evidence.identities[0].server", ".evidence.rounds[0].observations[0].survey.lists[2].clients[0].ip",
			".evidence.rounds[0].observations[0].survey.lists[2].askedSeconds", ".evidence.rounds[0].observations[0].ping.agentVersion",
			".evidence.rounds[2].observations[2].late", ".evidence.rounds[2].statements[0].open", ".evidence.rounds[2].statements[0].atSeconds",
			".evidence.rounds[2].statements[0].lastAliveSeconds", ".evidence.rounds[0].existence[0].outcome", ".notes[0].code",
		} {
			if !changed[path] {
				t.Errorf("the report has no %s", path)
			}
		}
	}
}

// eachValue visits every value that is neither object nor list, with a function
// that puts another in its place.
func eachValue(v any, path string, visit func(path string, put func(any), v any)) {
	child := func(path string, put func(any), v any) {
		switch v.(type) {
		case map[string]any, []any:
			eachValue(v, path, visit)
		default:
			visit(path, put, v)
		}
	}
	switch v := v.(type) {
	case map[string]any:
		for key := range v {
			child(path+"."+key, func(other any) { v[key] = other }, v[key])
		}
	case []any:
		for i := range v {
			child(fmt.Sprintf("%s[%d]", path, i), func(other any) { v[i] = other }, v[i])
		}
	}
}

// otherThan returns values that are not v.
func otherThan(v any) []any {
	switch v := v.(type) {
	case string:
		if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return []any{at.Add(time.Nanosecond).Format(time.RFC3339Nano)}
		}
		others := []any{v + "x", "", "free", "quorum", "10.0.0.3", "answered", "missing", "foreign", "visible"}
		return slices.DeleteFunc(others, func(other any) bool { return other == v })
	case float64:
		return []any{v + 1, -v - 1, v + 1e-9}
	case bool:
		return []any{!v}
	}
	return nil
}

// mustBeRefused wants a report that says another than it did to be no report at
// all, or one that Replay refuses.
func mustBeRefused(t *testing.T, why string, doc []byte, at time.Time) {
	t.Helper()
	var tampered proof.Report
	if json.Unmarshal(doc, &tampered) != nil {
		return
	}
	r, err := proof.Replay(tampered, at)
	if !errors.Is(err, proof.ErrReportTampered) && !errors.Is(err, proof.ErrReportSchema) || !errors.Is(err, proof.ErrUndetermined) || r.Verdict != proof.Unknown {
		t.Errorf("%s: %v, %v; want it refused", why, r.Verdict, err)
	}
}

func TestReplayRefusesOther(t *testing.T) {
	report := full()
	report.Schema = "zbsclient.guard/1"
	if r, err := proof.Replay(report, report.ObservedAt); !errors.Is(err, proof.ErrReportSchema) || !errors.Is(err, proof.ErrUndetermined) || r.Verdict != proof.Unknown {
		t.Errorf("another schema: %v, %v", r.Verdict, err)
	}
	if _, err := proof.Replay(proof.Report{}, time.Now()); !errors.Is(err, proof.ErrUndetermined) {
		t.Errorf("the zero report: %v", err)
	}
	report = full(rounds(1))
	report.Verdict, report.Reasons = proof.Free, nil
	if r, err := proof.Replay(report, report.ObservedAt); !errors.Is(err, proof.ErrReportTampered) || r.Verdict != proof.Unknown {
		t.Errorf("a verdict that does not follow, with its digest: %v, %v", r.Verdict, err)
	}
}

// Times that a saved report cannot hold exactly must not make it look tampered.
func TestReplayOfOldTimes(t *testing.T) {
	for _, at := range []time.Time{time.Unix(0, 0), time.Unix(1, 1), time.Date(1601, 1, 1, 0, 0, 0, 7, time.UTC)} {
		long := proof.Seconds(at.Sub(began))
		report := full(says(3, 3, func(s *proof.Statement) { s.LastAlive, s.At = &long, long }))
		_, again := saved(t, report)
		if r, err := proof.Replay(again, report.ObservedAt); r.Verdict != report.Verdict || errors.Is(err, proof.ErrReportTampered) {
			t.Errorf("a host that was alive in %d: %v, %v; want %v", at.Year(), r.Verdict, err, report.Verdict)
		}
	}
}

func TestSeconds(t *testing.T) {
	for _, d := range []time.Duration{0, 1, -1, 999999999, 13*time.Second + 1, 10*24*time.Hour + 1, math.MaxInt64, math.MinInt64} {
		doc, err := json.Marshal(proof.Seconds(d))
		var again proof.Seconds
		if err != nil || json.Unmarshal(doc, &again) != nil || time.Duration(again) != d {
			t.Errorf("%v is written %s and read %v", d, doc, again)
		}
	}
	for _, bad := range []string{`"x"`, `1e300`, `-1e10`} {
		var s proof.Seconds
		if err := json.Unmarshal([]byte(bad), &s); err == nil {
			t.Errorf("%s is read as %v", bad, s)
		}
	}
}
