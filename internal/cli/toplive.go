package cli

import (
	"context"
	"io"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/zbsclient/zbsclient/mds"
)

// topSource is what a model shows.
type topSource struct {
	probe func(i int) topProbed // probes the i-th MDS
	stats func() mds.Stats
}

// run draws the model on a terminal until the user quits or ctx ends. It returns the
// last state. Without input there are no keys.
func (m topModel) run(ctx context.Context, from topSource, o topOptions, input io.Reader, output io.Writer, colour bool) (topModel, error) {
	m.colour = colour
	m.probe = func(i int) tea.Cmd { return func() tea.Msg { return from.probe(i) } }
	m.due = func(i int) tea.Cmd { return tea.Tick(o.wait(), func(time.Time) tea.Msg { return topDue{i} }) }
	m.sample = func() tea.Cmd {
		return tea.Tick(topRefresh, func(now time.Time) tea.Msg { return sampled(now, from.stats()) })
	}
	end, err := tea.NewProgram(m, tea.WithContext(ctx), tea.WithoutSignalHandler(), tea.WithInput(input), tea.WithOutput(output)).Run()
	if err != nil && ctx.Err() == nil {
		return m, err
	}
	return end.(topModel), nil
}
