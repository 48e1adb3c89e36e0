package cli

import (
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// topOptions say how often to probe.
type topOptions struct {
	interval time.Duration
	count    int // 0: no end
}

// wait returns the interval, a tenth more or less: several zbsctl that start together
// soon probe at different times. It begins at the end of a probe, so that an agent
// that hangs is not probed all the time.
func (o topOptions) wait() time.Duration {
	return time.Duration(float64(o.interval) * (0.9 + 0.2*rand.Float64()))
}

// topModel is the state of mds top. It is a value: Update only returns another one.
type topModel struct {
	rows     []topRow
	interval time.Duration
	count    int // probes of each MDS, 0: no end
	now      time.Time

	width, height int
	colour        bool
	paused        bool
	explain       bool

	probe  func(i int) tea.Cmd // probes an MDS: topProbed
	due    func(i int) tea.Cmd // waits until its next probe: topDue
	sample func() tea.Cmd      // waits and looks at the counters: topSampled
}

// topRow is the state of one MDS.
type topRow struct {
	health  mds.Health // of the last probe
	history []topBeat  // the last probes, the newest at the end
	topSample

	rounds        int  // probes
	asked, errors int  // probes since the last reset, and those that found it not serving
	idle          bool // the next probe waits for the end of a pause
	lastErr       string
	lastErrAt     time.Time
}

// topBeat is one probe of the history.
type topBeat struct {
	latency time.Duration // 0: no answer
	style   style
}

// topSample are counters of the Caller for one MDS.
type topSample struct {
	breaker  mds.Breaker
	inFlight int
	p50, p99 time.Duration
}

// topRefresh is how often counters and ages are updated.
const topRefresh = 500 * time.Millisecond

// maxBeats is more than the history ever shows.
const maxBeats = 100

// The messages to a topModel.
type (
	topDue    struct{ i int } // an MDS is due for its next probe
	topProbed struct {
		i      int
		health mds.Health
		at     time.Time
	}
	topSampled struct {
		now     time.Time
		samples []topSample // in the order of the list
	}
)

var errNotProbed = errors.New("not probed yet")

func newTopModel(addrs []zbs.Addr, o topOptions) topModel {
	m := topModel{rows: make([]topRow, len(addrs)), interval: o.interval, count: o.count, width: 80, height: 24}
	for i, addr := range addrs {
		m.rows[i].health = mds.Health{Addr: addr, Err: errNotProbed}
	}
	return m
}

// sampled returns the counters at a time.
func sampled(now time.Time, stats mds.Stats) topSampled { return topSampled{now, sampleOf(stats)} }

// sampleOf takes the counters that are shown.
func sampleOf(stats mds.Stats) []topSample {
	samples := make([]topSample, len(stats.MDS))
	for i, m := range stats.MDS {
		samples[i] = topSample{breaker: m.Breaker, inFlight: m.InFlight}
		for _, e := range m.Endpoints {
			if e.Endpoint == zbs.EndpointPing.Name {
				samples[i].p50, samples[i].p99 = e.Latency.Quantile(0.5), e.Latency.Quantile(0.99)
			}
		}
	}
	return samples
}

// Init probes all MDS at once.
func (m topModel) Init() tea.Cmd {
	cmds := []tea.Cmd{m.sample()}
	for i := range m.rows {
		cmds = append(cmds, m.probe(i))
	}
	return tea.Batch(cmds...)
}

// Update handles a message.
func (m topModel) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		if msg.Width > 0 && msg.Height > 0 {
			m.width, m.height = msg.Width, msg.Height
		}
	case tea.KeyPressMsg:
		return m.pressed(msg.String())
	case topProbed:
		m = m.probed(msg)
		return m, m.after(msg.i)
	case topDue:
		if m.paused {
			m.rows = slices.Clone(m.rows)
			m.rows[msg.i].idle = true
			return m, nil
		}
		return m, m.probe(msg.i)
	case topSampled:
		return m.sampled(msg), m.sample()
	}
	return m, nil
}

// pressed handles a key.
func (m topModel) pressed(key string) (topModel, tea.Cmd) {
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
func (m topModel) resumed() (topModel, tea.Cmd) {
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

// probed notes the result of a probe.
func (m topModel) probed(p topProbed) topModel {
	m.rows = slices.Clone(m.rows)
	r := &m.rows[p.i]
	r.health, r.breaker, m.now = p.health, p.health.Breaker, p.at
	r.rounds++
	r.asked++
	beat := topBeat{p.health.Latency, stateOf(p.health).cell().style}
	r.history = append(slices.Clone(r.history[max(0, len(r.history)-maxBeats+1):]), beat)
	if p.health.Err != nil {
		r.errors++
		r.lastErr, r.lastErrAt = reason(p.health), p.at
	}
	return m
}

// after returns what follows a probe.
func (m topModel) after(i int) tea.Cmd {
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

// sampled notes new counters.
func (m topModel) sampled(s topSampled) topModel {
	m.rows = slices.Clone(m.rows)
	for i, sample := range s.samples {
		m.rows[i].topSample = sample
	}
	m.now = s.now
	return m
}

// healths returns the result of the last probe of each MDS.
func (m topModel) healths() []mds.Health {
	healths := make([]mds.Health, len(m.rows))
	for i, r := range m.rows {
		healths[i] = r.health
	}
	return healths
}
