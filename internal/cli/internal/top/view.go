package top

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/zbsclient/zbsclient/internal/cli/internal/health"
	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
	"github.com/zbsclient/zbsclient/mds"
)

// Legend explains the columns.
const Legend = `  HISTORY   latency of the last probes, the newest at the right, on one scale
            for all MDS; ✕ is a probe without an answer
  P50, P99  of its pings since the start
  ASKED     probes; ERRORS are those that found it not to serve
`

// View returns the screen.
func (m Model) View() tea.View {
	v := tea.NewView(m.frame())
	v.AltScreen = true
	return v
}

// frame returns the lines of the screen. None is wider than the window.
func (m Model) frame() string {
	columns := m.columns()
	room := max(m.height-4, 1) // without title, space, header and footer
	lines := append([]string{m.title(columns), ""}, m.tableLines(columns, room)...)
	if room -= len(m.rows); room > 0 {
		extras := m.extras(columns[len(columns)-1].header != lastErrorHeader)
		lines = append(lines, extras[:min(len(extras), room)]...)
	}
	body := max(m.height-1, 1)
	lines = append(lines, make([]string, max(body-len(lines), 0))...)[:body]
	lines = append(lines, m.paint(term.Dim, "q quit  p pause  r reset  ? explain"))
	return strings.TrimSuffix(m.cut(lines), "\n")
}

func (m Model) paint(s term.Style, text string) string { return term.Paint(m.colour, s, text) }

// title returns the first line.
func (m Model) title(columns []column) string {
	var states []string
	for _, s := range health.States {
		n := 0
		for _, r := range m.rows {
			if r.rounds > 0 && health.Of(r.health) == s {
				n++
			}
		}
		if n > 0 {
			states = append(states, fmt.Sprintf("%d %s", n, s))
		}
	}
	title := m.paint(term.Bold, fmt.Sprintf("%d MDS", len(m.rows)))
	if len(states) > 0 {
		title += ": " + strings.Join(states, ", ")
	}
	title += m.paint(term.Dim, fmt.Sprintf("  every %v", m.interval))
	if most := m.scale(columns); most > 0 {
		title += m.paint(term.Dim, "  █ = "+term.Brief(most))
	}
	if m.paused {
		title += m.paint(term.Yellow, "  PAUSED")
	}
	return title
}

// tableLines returns the header and as many rows as fit.
func (m Model) tableLines(columns []column, room int) []string {
	var header strings.Builder
	for i, c := range columns {
		m.pad(&header, i, c, []term.Cell{term.Bold.Cell(c.header)})
	}
	lines := []string{header.String()}
	shown := len(m.rows)
	if shown > room {
		shown = room - 1
	}
	for _, r := range m.rows[:shown] {
		var line strings.Builder
		for i, c := range columns {
			m.pad(&line, i, c, c.cell(r))
		}
		lines = append(lines, line.String())
	}
	if hidden := m.rows[shown:]; len(hidden) > 0 {
		ill := 0
		for _, r := range hidden {
			if r.rounds == 0 || health.Of(r.health) != health.Serving {
				ill++
			}
		}
		lines = append(lines, m.paint(term.Dim, fmt.Sprintf("… and %d more, %d of them not serving; the window is too low", len(hidden), ill)))
	}
	return lines
}

// pad writes the cells in the width of the column.
func (m Model) pad(line *strings.Builder, i int, c column, cells []term.Cell) {
	if i > 0 {
		line.WriteString(strings.Repeat(" ", gap))
	}
	left := c.width
	var painted strings.Builder
	for _, part := range cells {
		text := ansi.Truncate(part.Text, left, "…")
		left -= ansi.StringWidth(text)
		painted.WriteString(m.paint(part.Style, text))
	}
	if c.right {
		line.WriteString(strings.Repeat(" ", left))
	}
	line.WriteString(painted.String())
	if !c.right {
		line.WriteString(strings.Repeat(" ", left))
	}
}

// extras returns the lines below the table: that the MDS belong to several clusters,
// the explanation, and the last errors when they have no column.
func (m Model) extras(errors bool) []string {
	lines := []string{""}
	if _, _, wrong := mds.OneCluster(m.Healths()); wrong != nil {
		lines = append(lines, m.paint(term.Red, wrong.Error()), "")
	}
	if m.explain {
		lines = append(lines, strings.Split(Legend+health.Legend, "\n")...)
	}
	if errors {
		lines = append(lines, m.errorLines()...)
	}
	return lines
}

func (m Model) errorLines() (lines []string) {
	width := m.widestName()
	for _, r := range m.rows {
		if last := m.lastError(r); last.Text != "" {
			lines = append(lines, fmt.Sprintf("%-*s  %s", width, r.health.Addr, m.paint(last.Style, last.Text)))
		}
	}
	if len(lines) > 0 {
		lines = append([]string{m.paint(term.Bold, lastErrorHeader)}, lines...)
	}
	return lines
}

// Still returns what stays on the terminal at the end: the table with all MDS, and the
// last errors.
func (m Model) Still() string {
	columns := m.columns()
	lines := m.tableLines(columns, len(m.rows))
	if columns[len(columns)-1].header != lastErrorHeader {
		if errors := m.errorLines(); len(errors) > 0 {
			lines = append(append(lines, ""), errors...)
		}
	}
	return m.cut(lines)
}

// cut joins the lines, and cuts those that are wider than the window.
func (m Model) cut(lines []string) string {
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(strings.TrimRight(ansi.Truncate(line, m.width, "…"), " ") + "\n")
	}
	return b.String()
}
