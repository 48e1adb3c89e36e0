package top

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

func failedAt(op string, a mds.Attempt) error {
	return &mds.CallError{Op: op, Attempts: []mds.Attempt{a}}
}

// everyState is a model with an MDS in each state, one that was down before, and
// one that was not probed yet.
func everyState() Model {
	m := testModel(0, "mds-a", "mds-b", "mds-c", "mds-d", "mds-e", "mds-f", "mds-g")
	probed := func(i int, h mds.Health, at time.Duration) {
		h.Addr = m.rows[i].health.Addr
		h.Breaker = cmp.Or(h.Breaker, mds.BreakerClosed)
		m = m.Probed(Probed{i, h, testNow.Add(at)})
	}
	refused := mds.Health{Err: failedAt("echo", mds.Attempt{Phase: mds.PhaseDial, Err: fmt.Errorf("connection refused")})}
	no := &zbs.AgentError{Message: "no leader\x1b[31m is\nelected 没有领导者"}
	for i := range 20 {
		probed(0, serving(time.Duration(i+1)*time.Millisecond), 0)
	}
	probed(1, mds.Health{Latency: 930 * time.Microsecond}, 0)
	probed(2, mds.Health{Latency: 2 * time.Millisecond, Err: fmt.Errorf("%w: %w", mds.ErrAgentTooOld,
		failedAt("facts", mds.Attempt{Phase: mds.PhaseWait, Err: &mds.StatusError{Status: 404, Text: "The path '/zbs/primarystorage/facts' was not found."}}))}, 0)
	probed(3, mds.Health{Latency: 12345 * time.Microsecond, Err: failedAt("ping", mds.Attempt{Phase: mds.PhaseAgent, Err: no})}, 0)
	probed(4, serving(5*time.Millisecond), 0)
	refused.Breaker = mds.BreakerOpen
	probed(4, refused, 0)
	refused.Breaker = mds.BreakerHalfOpen
	probed(5, refused, -75*time.Second)
	probed(5, serving(500*time.Microsecond), 0)
	samples := make([]sample, len(m.rows))
	for i, r := range m.rows {
		samples[i] = sample{breaker: r.breaker}
	}
	samples[0].p50, samples[0].p99 = 10*time.Millisecond, 20*time.Millisecond
	samples[4].inFlight = 1
	return m.Sampled(Sampled{testNow, samples})
}

// healthy has n MDS that serve.
func healthy(n int) Model {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("mds-%02d.storage.example.com", i)
	}
	m := testModel(0, names...)
	for i := range names {
		h := serving(time.Duration(i+1) * 10 * time.Microsecond)
		h.Addr = m.rows[i].health.Addr
		m = m.Probed(Probed{i, h, testNow})
	}
	return m
}

func TestTopFrames(t *testing.T) {
	wrong := healthy(2)
	wrong.rows[0].health.Cluster.UUID, wrong.rows[1].health.Cluster.UUID = "x", "y"
	coloured, explained, paused := everyState(), everyState(), everyState()
	coloured.colour, explained.explain, paused.paused = true, true, true
	for _, row := range []struct {
		name          string
		why           string
		model         Model
		width, height int
	}{
		{"80x24", "what everybody has", everyState(), 80, 24},
		{"140x16", "room for all columns", everyState(), 140, 16},
		{"200x12", "room for more history", everyState(), 200, 12},
		{"100x16", "room for some columns", everyState(), 100, 16},
		{"50x16", "no room for the history", everyState(), 50, 16},
		{"30x12", "room for names and states alone", everyState(), 30, 12},
		{"14x3", "hardly any room", everyState(), 14, 3},
		{"coloured", "colour on", coloured, 80, 18},
		{"explained", "after ?", explained, 80, 30},
		{"paused", "after p", paused, 80, 18},
		{"start", "nobody has answered yet", testModel(0, "mds-a", "mds-b"), 80, 8},
		{"many", "more MDS than lines", healthy(30), 80, 24},
		{"wrong-cluster", "MDS of two clusters", wrong, 80, 12},
	} {
		t.Run(row.name, func(t *testing.T) {
			next, cmd := row.model.Update(tea.WindowSizeMsg{Width: row.width, Height: row.height})
			m := next.(Model)
			if cmd != nil {
				t.Error("a new size makes a command")
			}
			frame := m.frame()
			checkFits(t, frame, row.width, row.height)
			if !m.colour && strings.Contains(frame, "\x1b") {
				t.Error("escape codes with colour off")
			}
			compareFrame(t, row.name, row.why, frame)
		})
	}
}

func checkFits(t *testing.T, frame string, width, height int) {
	t.Helper()
	lines := strings.Split(frame, "\n")
	if len(lines) != height {
		t.Errorf("%d lines, want %d", len(lines), height)
	}
	for _, line := range lines {
		if got := ansi.StringWidth(line); got > width {
			t.Errorf("%d columns, want at most %d: %q", got, width, line)
		}
	}
}

// compareFrame compares with the file of the name; with UPDATE_GOLDEN set it writes
// that instead.
func compareFrame(t *testing.T, name, why, frame string) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	got := "# " + why + "\n" + strings.ReplaceAll(frame, "\x1b", "␛") + "\n"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// No window is too small, and none makes a line too long.
func TestTopFitsEveryWindow(t *testing.T) {
	for _, m := range []Model{everyState(), healthy(30)} {
		for width := 1; width <= 200; width += 3 {
			for height := 2; height <= 40; height += 2 {
				m.width, m.height, m.explain = width, height, height%4 == 0
				checkFits(t, m.frame(), width, height)
			}
		}
	}
}

// What is left at the end has all MDS, however low the window was.
func TestTopStill(t *testing.T) {
	m := healthy(30)
	m.height = 5
	if got := strings.Count(m.Still(), "serving"); got != 30 {
		t.Errorf("%d MDS are left, want 30", got)
	}
	compareFrame(t, "still", "what is left at the end", everyState().Still())
}

func TestSparkline(t *testing.T) {
	beats := func(ds ...int) (b []beat) {
		for _, d := range ds {
			b = append(b, beat{latency: time.Duration(d)})
		}
		return b
	}
	for _, row := range []struct {
		why   string
		beats []beat
		most  time.Duration
		want  string
	}{
		{"nothing yet", nil, 0, "     "},
		{"fewer than there is room for", beats(8, 4), 8, "   █▄"},
		{"more than there is room for", beats(80, 1, 2, 3, 4, 8), 8, "▁▂▃▄█"},
		{"no answer", beats(8, 0, 8), 8, "  █✕█"},
		{"never an answer", beats(0, 0), 0, "   ✕✕"},
		{"the least is seen", beats(1, 1000), 1000, "   ▁█"},
	} {
		var got strings.Builder
		for _, c := range sparkline(row.beats, 5, row.most) {
			got.WriteString(c.Text)
		}
		if got.String() != row.want {
			t.Errorf("%s: %q, want %q", row.why, got.String(), row.want)
		}
	}
}
