package cli

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/zbsclient/zbsclient/mds"
)

// View returns the screen.
func (m topModel) View() tea.View {
	v := tea.NewView(m.frame())
	v.AltScreen = true
	return v
}

// frame returns the lines of the screen, none longer than the window is wide.
func (m topModel) frame() string {
	columns := m.columns()
	room := max(m.height-4, 1) // without title, space, header and footer
	lines := append([]string{m.title(columns), ""}, m.tableLines(columns, room)...)
	if room -= len(m.rows); room > 0 {
		extras := m.extras(columns[len(columns)-1].header != lastErrorHeader)
		lines = append(lines, extras[:min(len(extras), room)]...)
	}
	body := max(m.height-1, 1)
	lines = append(lines, make([]string, max(body-len(lines), 0))...)[:body]
	lines = append(lines, m.paint(dim, "q quit  p pause  r reset  ? explain"))
	return strings.TrimSuffix(m.cut(lines), "\n")
}

func (m topModel) paint(s style, text string) string { return paint(m.colour, s, text) }

func (m topModel) title(columns []topColumn) string {
	var states []string
	for _, s := range []string{"serving", "unsynced", "old", "refusing", "down"} {
		n := 0
		for _, r := range m.rows {
			if r.state().text == s {
				n++
			}
		}
		if n > 0 {
			states = append(states, fmt.Sprintf("%d %s", n, s))
		}
	}
	title := m.paint(bold, fmt.Sprintf("%d MDS", len(m.rows)))
	if len(states) > 0 {
		title += ": " + strings.Join(states, ", ")
	}
	title += m.paint(dim, fmt.Sprintf("  every %v", m.interval))
	if most := m.scale(columns); most > 0 {
		title += m.paint(dim, "  █ = "+brief(most))
	}
	if m.paused {
		title += m.paint(yellow, "  PAUSED")
	}
	return title
}

// state is stateOf, or "-" before the first probe.
func (r topRow) state() cell {
	if r.rounds == 0 {
		return cell{"-", dim}
	}
	return stateOf(r.health)
}

// topColumn is a column of the screen. A cell may have several styles.
type topColumn struct {
	header string
	width  int
	right  bool // numbers stand at the right
	cell   func(topRow) []cell
}

const (
	historyHeader   = "HISTORY"
	lastErrorHeader = "LAST ERROR"
	mostHistory     = 40
	gap             = 2
)

// columns returns those that fit, without the last ones that do not. What is left
// of the width goes to the last error, and where there is no room for that to the
// history.
func (m topModel) columns() []topColumn {
	columns := m.allColumns()
	for len(columns) > 2 && widthOf(columns) > m.width {
		columns = columns[:len(columns)-1]
	}
	left := max(m.width-widthOf(columns), 0)
	last := len(columns) - 1
	for i, c := range columns {
		if c.header == historyHeader {
			more := left
			if columns[last].header == lastErrorHeader {
				more = left / 3
			}
			more = min(more, mostHistory-c.width)
			columns[i].width += more
			left -= more
			columns[i].cell = m.sparklines(columns)
		}
	}
	if columns[last].header == lastErrorHeader {
		columns[last].width += left
	}
	return columns
}

func widthOf(columns []topColumn) int {
	width := -gap
	for _, c := range columns {
		width += c.width + gap
	}
	return width
}

func (m topModel) allColumns() []topColumn {
	one := func(c cell) []cell { return []cell{c} }
	number := func(header string, width int, text func(topRow) string) topColumn {
		return topColumn{header, width, true, func(r topRow) []cell { return one(orDash(text(r))) }}
	}
	name := min(m.widestName(), max(m.width/3, 15), max(m.width-gap-len("unsynced"), 1))
	return []topColumn{
		{"MDS", name, false, func(r topRow) []cell { return one(cell{text: r.health.Addr.String()}) }},
		{"STATE", len("unsynced"), false, func(r topRow) []cell { return one(r.state()) }},
		{"BREAKER", len("half-open"), false, func(r topRow) []cell { return one(breakerCell(r.breaker)) }},
		number("LATENCY", 7, func(r topRow) string { return brief(r.health.Latency) }),
		{historyHeader, 10, false, nil},
		number("P50", 6, func(r topRow) string { return brief(r.p50) }),
		number("P99", 6, func(r topRow) string { return brief(r.p99) }),
		number("IN-FLIGHT", 9, func(r topRow) string { return fmt.Sprint(r.inFlight) }),
		number("ASKED", 5, func(r topRow) string { return fmt.Sprint(r.asked) }),
		number("ERRORS", 6, func(r topRow) string { return fmt.Sprint(r.errors) }),
		{lastErrorHeader, 24, false, func(r topRow) []cell { return one(m.lastError(r)) }},
	}
}

// lastError says when, unless it is so now.
func (m topModel) lastError(r topRow) cell {
	text := printable(r.lastErr)
	if text == "" {
		return cell{}
	}
	if r.health.Err == nil {
		return cell{brief(max(m.now.Sub(r.lastErrAt).Truncate(time.Second), time.Second)) + " ago: " + text, dim}
	}
	return cell{text: text}
}

// printable makes one line without control characters of what may be an agent's
// text.
func printable(text string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) || !unicode.IsPrint(c) {
			return ' '
		}
		return c
	}, text)
}

// tableLines returns the header and as many rows as there is room for.
func (m topModel) tableLines(columns []topColumn, room int) []string {
	var header strings.Builder
	for i, c := range columns {
		m.pad(&header, i, c, []cell{{c.header, bold}})
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
			if r.state().text != "serving" {
				ill++
			}
		}
		lines = append(lines, m.paint(dim, fmt.Sprintf("… and %d more, %d of them not serving; the window is too low", len(hidden), ill)))
	}
	return lines
}

// pad writes the cells in the width of the column.
func (m topModel) pad(line *strings.Builder, i int, c topColumn, cells []cell) {
	if i > 0 {
		line.WriteString(strings.Repeat(" ", gap))
	}
	left := c.width
	var painted strings.Builder
	for _, part := range cells {
		text := ansi.Truncate(part.text, left, "…")
		left -= ansi.StringWidth(text)
		painted.WriteString(m.paint(part.style, text))
	}
	if c.right {
		line.WriteString(strings.Repeat(" ", left))
	}
	line.WriteString(painted.String())
	if !c.right {
		line.WriteString(strings.Repeat(" ", left))
	}
}

// extras returns what stands below the table: what the MDS disagree on, the last
// errors where they have no column, and what the keys explain.
func (m topModel) extras(errors bool) []string {
	lines := []string{""}
	if _, _, wrong := mds.OneCluster(m.healths()); wrong != nil {
		lines = append(lines, m.paint(red, wrong.Error()), "")
	}
	if m.explain {
		lines = append(lines, strings.Split(topLegend+mdsStates, "\n")...)
	}
	if errors {
		lines = append(lines, m.errorLines()...)
	}
	return lines
}

func (m topModel) errorLines() (lines []string) {
	width := m.widestName()
	for _, r := range m.rows {
		if last := m.lastError(r); last.text != "" {
			lines = append(lines, fmt.Sprintf("%-*s  %s", width, r.health.Addr, m.paint(last.style, last.text)))
		}
	}
	if len(lines) > 0 {
		lines = append([]string{m.paint(bold, lastErrorHeader)}, lines...)
	}
	return lines
}

func (m topModel) widestName() (width int) {
	for _, r := range m.rows {
		width = max(width, len(r.health.Addr.String()))
	}
	return width
}

// still returns what is left on the terminal at the end: the table with all MDS,
// and the last errors.
func (m topModel) still() string {
	columns := m.columns()
	lines := m.tableLines(columns, len(m.rows))
	if columns[len(columns)-1].header != lastErrorHeader {
		if errors := m.errorLines(); len(errors) > 0 {
			lines = append(append(lines, ""), errors...)
		}
	}
	return m.cut(lines)
}

// cut joins the lines, none longer than the window is wide.
func (m topModel) cut(lines []string) string {
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(strings.TrimRight(ansi.Truncate(line, m.width, "…"), " ") + "\n")
	}
	return b.String()
}

// brief is a duration of three digits, "" for none.
func brief(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	for _, unit := range []time.Duration{time.Second, time.Millisecond, time.Microsecond} {
		for _, part := range []time.Duration{1, 10, 100} {
			if d >= unit*100/part {
				return d.Round(unit / part).String()
			}
		}
	}
	return d.String()
}
