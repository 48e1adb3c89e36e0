package top

import (
	"context"
	"io"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/zbsclient/zbsclient/mds"
)

// Source is what a model shows.
type Source struct {
	Probe func(i int) Probed // probes the i-th MDS
	Stats func() mds.Stats
}

// Run draws the model on a terminal until the user quits or ctx ends. It returns the
// last state. Without input there are no keys.
func (m Model) Run(ctx context.Context, from Source, o Options, input io.Reader, output io.Writer, colour bool) (Model, error) {
	m.colour = colour
	m.probe = func(i int) tea.Cmd { return func() tea.Msg { return from.Probe(i) } }
	m.due = func(i int) tea.Cmd { return tea.Tick(o.Wait(), func(time.Time) tea.Msg { return due{i} }) }
	m.sample = func() tea.Cmd {
		return tea.Tick(refreshInterval, func(now time.Time) tea.Msg { return TakeSample(now, from.Stats()) })
	}
	end, err := tea.NewProgram(m, tea.WithContext(ctx), tea.WithoutSignalHandler(), tea.WithInput(input), tea.WithOutput(output)).Run()
	if err != nil && ctx.Err() == nil {
		return m, err
	}
	return end.(Model), nil
}
