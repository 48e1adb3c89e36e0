// Package top is the live screen of zbsctl mds top, and the tables and documents that
// it prints when there is no screen.
//
// Model is the state. Its Update handles messages (model.go), View draws them
// (view.go, columns.go, row.go), and Run connects both to a terminal (live.go).
package top

import (
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/zbsclient/zbsclient/internal/cli/internal/health"
	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// Options say how often to probe.
type Options struct {
	Interval time.Duration
	Count    int // 0: no end
}

// Wait returns the interval, a tenth more or less: several zbsctl that start together
// soon probe at different times. It begins at the end of a probe, so that an agent
// that hangs is not probed all the time.
func (o Options) Wait() time.Duration {
	return time.Duration(float64(o.Interval) * (0.9 + 0.2*rand.Float64()))
}

// Model is the state of mds top. It is a value: Update only returns another one.
type Model struct {
	rows     []row
	interval time.Duration
	count    int // probes of each MDS, 0: no end
	now      time.Time

	width, height int
	colour        bool
	paused        bool
	explain       bool

	probe  func(i int) tea.Cmd // probes an MDS: Probed
	due    func(i int) tea.Cmd // waits until its next probe: due
	sample func() tea.Cmd      // waits and looks at the counters: Sampled
}

// row is the state of one MDS.
type row struct {
	health  mds.Health // of the last probe
	history []beat     // the last probes, the newest at the end
	sample

	rounds        int  // probes
	asked, errors int  // probes since the last reset, and those that found it not serving
	idle          bool // the next probe waits for the end of a pause
	lastErr       string
	lastErrAt     time.Time
}

// beat is one probe of the history.
type beat struct {
	latency time.Duration // 0: no answer
	style   term.Style
}

// sample are counters of the Caller for one MDS.
type sample struct {
	breaker  mds.Breaker
	inFlight int
	p50, p99 time.Duration
}

// refreshInterval is how often counters and ages are updated.
const refreshInterval = 500 * time.Millisecond

// maxBeats is more than the history ever shows.
const maxBeats = 100

// The messages to a Model.
type (
	due    struct{ i int } // an MDS is due for its next probe
	Probed struct {
		I      int
		Health mds.Health
		At     time.Time
	}
	Sampled struct {
		now     time.Time
		samples []sample // in the order of the list
	}
)

var errNotProbed = errors.New("not probed yet")

// New returns a Model of the MDS, before their first probes.
func New(addrs []zbs.Addr, o Options) Model {
	m := Model{rows: make([]row, len(addrs)), interval: o.Interval, count: o.Count, width: 80, height: 24}
	for i, addr := range addrs {
		m.rows[i].health = mds.Health{Addr: addr, Err: errNotProbed}
	}
	return m
}

// TakeSample returns the counters at a time.
func TakeSample(now time.Time, stats mds.Stats) Sampled { return Sampled{now, sampleOf(stats)} }

// sampleOf takes the counters that are shown.
func sampleOf(stats mds.Stats) []sample {
	samples := make([]sample, len(stats.MDS))
	for i, m := range stats.MDS {
		samples[i] = sample{breaker: m.Breaker, inFlight: m.InFlight}
		for _, e := range m.Endpoints {
			if e.Endpoint == zbs.EndpointPing.Name {
				samples[i].p50, samples[i].p99 = e.Latency.Quantile(0.5), e.Latency.Quantile(0.99)
			}
		}
	}
	return samples
}

// Init probes all MDS at once.
func (m Model) Init() tea.Cmd {
	cmds := []tea.Cmd{m.sample()}
	for i := range m.rows {
		cmds = append(cmds, m.probe(i))
	}
	return tea.Batch(cmds...)
}

// Update handles a message.
func (m Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		if msg.Width > 0 && msg.Height > 0 {
			m.width, m.height = msg.Width, msg.Height
		}
	case tea.KeyPressMsg:
		return m.pressed(msg.String())
	case Probed:
		m = m.Probed(msg)
		return m, m.after(msg.I)
	case due:
		if m.paused {
			m.rows = slices.Clone(m.rows)
			m.rows[msg.i].idle = true
			return m, nil
		}
		return m, m.probe(msg.i)
	case Sampled:
		return m.Sampled(msg), m.sample()
	}
	return m, nil
}

// pressed handles a key.
func (m Model) pressed(key string) (Model, tea.Cmd) {
	switch key {
	case "q", "esc", "ctrl+c":
		return m, tea.Quit
	case "?":
		m.explain = !m.explain
	case "r":
		m.rows = slices.Clone(m.rows)
		for i := range m.rows {
			r := &m.rows[i]
			r.history, r.asked, r.errors, r.lastErr, r.lastErrAt = nil, 0, 0, "", time.Time{}
		}
	case "p":
		m.paused = !m.paused
		if !m.paused {
			return m.resumed()
		}
	}
	return m, nil
}

// resumed probes the MDS that became due during the pause.
func (m Model) resumed() (Model, tea.Cmd) {
	m.rows = slices.Clone(m.rows)
	var cmds []tea.Cmd
	for i := range m.rows {
		if m.rows[i].idle {
			m.rows[i].idle = false
			cmds = append(cmds, m.probe(i))
		}
	}
	return m, tea.Batch(cmds...)
}

// Probed notes the result of a probe.
func (m Model) Probed(p Probed) Model {
	m.rows = slices.Clone(m.rows)
	r := &m.rows[p.I]
	r.health, r.breaker, m.now = p.Health, p.Health.Breaker, p.At
	r.rounds++
	r.asked++
	beat := beat{p.Health.Latency, health.Of(p.Health).Cell().Style}
	r.history = append(slices.Clone(r.history[max(0, len(r.history)-maxBeats+1):]), beat)
	if p.Health.Err != nil {
		r.errors++
		r.lastErr, r.lastErrAt = health.Reason(p.Health), p.At
	}
	return m
}

// after returns what follows a probe.
func (m Model) after(i int) tea.Cmd {
	if m.count == 0 || m.rows[i].rounds < m.count {
		return m.due(i)
	}
	for _, r := range m.rows {
		if r.rounds < m.count {
			return nil
		}
	}
	return tea.Quit
}

// Sampled notes new counters.
func (m Model) Sampled(s Sampled) Model {
	m.rows = slices.Clone(m.rows)
	for i, sample := range s.samples {
		m.rows[i].sample = sample
	}
	m.now = s.now
	return m
}

// Healths returns the result of the last probe of each MDS.
func (m Model) Healths() []mds.Health {
	healths := make([]mds.Health, len(m.rows))
	for i, r := range m.rows {
		healths[i] = r.health
	}
	return healths
}
