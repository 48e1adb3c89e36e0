package top

import (
	"fmt"
	"time"

	"github.com/zbsclient/zbsclient/internal/cli/internal/health"
	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
)

// column is a column of the screen. A cell consists of parts in different styles.
type column struct {
	header string
	width  int
	right  bool // numbers stand at the right
	cell   func(row) []term.Cell
}

const (
	historyHeader   = "HISTORY"
	lastErrorHeader = "LAST ERROR"
	mostHistory     = 40
	gap             = 2
)

// columns returns the columns that fit, from the first on. The rest of the width goes
// to the last error, or to the history if that has no room.
func (m Model) columns() []column {
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

// widthOf returns the width of a row.
func widthOf(columns []column) int {
	width := -gap
	for _, c := range columns {
		width += c.width + gap
	}
	return width
}

// allColumns returns all columns in their least width.
func (m Model) allColumns() []column {
	one := func(c term.Cell) []term.Cell { return []term.Cell{c} }
	number := func(header string, width int, text func(row) string) column {
		return column{header, width, true, func(r row) []term.Cell { return one(term.OrDash(text(r))) }}
	}
	name := min(m.widestName(), max(m.width/3, 15), max(m.width-gap-len("unsynced"), 1))
	return []column{
		{"MDS", name, false, func(r row) []term.Cell { return one(term.Text(r.health.Addr.String())) }},
		{"STATE", len("unsynced"), false, func(r row) []term.Cell { return one(r.state()) }},
		{"BREAKER", len("half-open"), false, func(r row) []term.Cell { return one(health.BreakerCell(r.breaker)) }},
		number("LATENCY", 7, func(r row) string { return term.Brief(r.health.Latency) }),
		{historyHeader, 10, false, nil},
		number("P50", 6, func(r row) string { return term.Brief(r.p50) }),
		number("P99", 6, func(r row) string { return term.Brief(r.p99) }),
		number("IN-FLIGHT", 9, func(r row) string { return fmt.Sprint(r.inFlight) }),
		number("ASKED", 5, func(r row) string { return fmt.Sprint(r.asked) }),
		number("ERRORS", 6, func(r row) string { return fmt.Sprint(r.errors) }),
		{lastErrorHeader, 24, false, func(r row) []term.Cell { return one(m.lastError(r)) }},
	}
}

// widestName returns the length of the longest name of an MDS.
func (m Model) widestName() (width int) {
	for _, r := range m.rows {
		width = max(width, len(r.health.Addr.String()))
	}
	return width
}

// sparklines returns how to draw the history of a row.
func (m Model) sparklines(columns []column) func(row) []term.Cell {
	width, most := historyWidth(columns), m.scale(columns)
	return func(r row) []term.Cell { return sparkline(r.history, width, most) }
}

// scale returns the longest latency on the screen. It is a full block for every MDS, so
// that they can be compared.
func (m Model) scale(columns []column) (most time.Duration) {
	width := historyWidth(columns)
	for _, r := range m.rows {
		for _, b := range r.history[max(0, len(r.history)-width):] {
			most = max(most, b.latency)
		}
	}
	return most
}

// historyWidth returns the width of the history, 0 without that column.
func historyWidth(columns []column) int {
	for _, c := range columns {
		if c.header == historyHeader {
			return c.width
		}
	}
	return 0
}
