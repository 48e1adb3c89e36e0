package top

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

var testNow = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// testModel returns a model whose commands only name themselves, such as "probe 1".
func testModel(count int, names ...string) Model {
	var addrs []zbs.Addr
	for _, name := range names {
		addrs = append(addrs, zbs.Addr{Host: name, Port: 7763})
	}
	m := New(addrs, Options{Interval: time.Second, Count: count})
	say := func(text string) tea.Cmd { return func() tea.Msg { return text } }
	m.probe = func(i int) tea.Cmd { return say(fmt.Sprintf("probe %d", i)) }
	m.due = func(i int) tea.Cmd { return say(fmt.Sprintf("wait %d", i)) }
	m.sample = func() tea.Cmd { return say("sample") }
	return m
}

// named returns the names of the commands.
func named(cmd tea.Cmd) (all []string) {
	if cmd == nil {
		return nil
	}
	switch msg := cmd().(type) {
	case tea.BatchMsg:
		for _, c := range msg {
			all = append(all, named(c)...)
		}
	case tea.QuitMsg:
		all = append(all, "quit")
	case string:
		all = append(all, msg)
	}
	return all
}

// step is a message and what follows from it.
type step struct {
	msg  tea.Msg
	want []string
}

func play(t *testing.T, m Model, steps ...step) Model {
	t.Helper()
	for i, s := range steps {
		next, cmd := m.Update(s.msg)
		m = next.(Model)
		if diff := cmp.Diff(s.want, named(cmd)); diff != "" {
			t.Errorf("after message %d, %T (-want +got):\n%s", i+1, s.msg, diff)
		}
	}
	return m
}

func key(k rune) tea.KeyPressMsg { return tea.KeyPressMsg{Code: k, Text: string(k)} }

func answer(i int) Probed { return Probed{i, serving(time.Millisecond), testNow} }

func serving(latency time.Duration) mds.Health {
	return mds.Health{Latency: latency, Agent: zbs.PingReply{AgentVersion: "5.5.0"}, Breaker: mds.BreakerClosed}
}

// Each MDS is probed in a loop of its own: an answer makes its own next probe alone.
func TestTopLoops(t *testing.T) {
	m := testModel(0, "a", "b")
	if got := named(m.Init()); !slices.Equal(got, []string{"sample", "probe 0", "probe 1"}) {
		t.Errorf("at the start: %v", got)
	}
	play(t, m,
		step{answer(1), []string{"wait 1"}},
		step{due{1}, []string{"probe 1"}},
		step{answer(1), []string{"wait 1"}},
		step{Sampled{testNow, make([]sample, 2)}, []string{"sample"}},
		step{answer(0), []string{"wait 0"}},
	)
}

func TestTopKeys(t *testing.T) {
	m := testModel(0, "a", "b")
	for _, quit := range []tea.KeyPressMsg{key('q'), {Code: tea.KeyEscape}, {Code: 'c', Mod: tea.ModCtrl}} {
		play(t, m, step{quit, []string{"quit"}})
	}
	play(t, m, step{key('x'), nil})

	if m := play(t, m, step{key('?'), nil}); !m.explain || play(t, m, step{key('?'), nil}).explain {
		t.Error("? does not switch the explanation")
	}
}

// No MDS is probed during a pause. An MDS that becomes due meanwhile is probed at the
// end of the pause, the others when they become due.
func TestTopPause(t *testing.T) {
	m := play(t, testModel(0, "a", "b"),
		step{answer(0), []string{"wait 0"}},
		step{answer(1), []string{"wait 1"}},
		step{key('p'), nil},
		step{due{0}, nil},
	)
	if !m.paused {
		t.Error("it is not paused")
	}
	play(t, m,
		step{key('p'), []string{"probe 0"}},
		step{due{1}, []string{"probe 1"}},
		step{key('p'), nil},
		step{key('p'), nil},
	)
}

func TestTopCount(t *testing.T) {
	m := play(t, testModel(2, "a", "b"),
		step{answer(0), []string{"wait 0"}},
		step{answer(0), nil},
		step{answer(1), []string{"wait 1"}},
		step{key('r'), nil}, // no probe is forgotten for the count
		step{answer(1), []string{"quit"}},
	)
	if got := m.rows[0].asked; got != 0 {
		t.Errorf("asked %d times since the reset, want 0", got)
	}
}

func TestTopReset(t *testing.T) {
	down := mds.Health{Err: errors.New("no"), Breaker: mds.BreakerOpen}
	m := play(t, testModel(0, "a"), step{Probed{0, down, testNow}, []string{"wait 0"}})
	r := m.rows[0]
	if len(r.history) != 1 || r.asked != 1 || r.errors != 1 || r.lastErr != "no" || r.breaker != mds.BreakerOpen {
		t.Errorf("after a probe that failed: %+v", r)
	}
	after := play(t, m, step{key('r'), nil}).rows[0]
	if len(after.history) != 0 || after.asked != 0 || after.errors != 0 || after.lastErr != "" || after.health.Err == nil {
		t.Errorf("after the reset: %+v", after)
	}
	if len(m.rows[0].history) != 1 {
		t.Error("Update changed the model it was given")
	}
}

func TestTopHistoryIsBounded(t *testing.T) {
	m := testModel(0, "a")
	for i := range 3 * maxBeats {
		m = m.Probed(Probed{0, serving(time.Duration(i + 1)), testNow})
	}
	h := m.rows[0].history
	if len(h) != maxBeats || h[maxBeats-1].latency != 3*maxBeats || h[0].latency != 2*maxBeats+1 {
		t.Errorf("%d beats from %d to %d", len(h), h[0].latency, h[len(h)-1].latency)
	}
}

func TestTopSample(t *testing.T) {
	got := sampleOf(mds.Stats{MDS: []mds.MDSStats{{Breaker: mds.BreakerOpen, InFlight: 3, Endpoints: []mds.NamedCounts{{Endpoint: "ping"}}}}})
	if len(got) != 1 || got[0] != (sample{breaker: mds.BreakerOpen, inFlight: 3}) {
		t.Errorf("%+v", got)
	}
}

// Several zbsctl probe at different times, and none probes more often than asked.
func TestTopWait(t *testing.T) {
	o := Options{Interval: time.Second}
	seen := make(map[time.Duration]bool)
	for range 1000 {
		d := o.Wait()
		if d < 900*time.Millisecond || d > 1100*time.Millisecond {
			t.Fatalf("waits %v, want a second, a tenth more or less", d)
		}
		seen[d] = true
	}
	if len(seen) < 100 {
		t.Errorf("%d different waits of 1000", len(seen))
	}
}
