package term

import (
	"io"
	"strings"
	"unicode/utf8"
)

// Cell is a text of a table in a style.
type Cell struct {
	Text  string
	Style Style
}

// Text returns a cell without a style.
func Text(text string) Cell { return Cell{Text: text} }

// Cell returns a cell in the style.
func (s Style) Cell(text string) Cell { return Cell{Text: text, Style: s} }

// OrDash returns a dim "-" for an empty text.
func OrDash(text string) Cell {
	if text == "" {
		return Dim.Cell("-")
	}
	return Text(text)
}

// Table is rows of cells. Each column is as wide as its widest cell.
type Table struct {
	Header []string
	Rows   [][]Cell
}

// Add appends a row.
func (t *Table) Add(cells ...Cell) { t.Rows = append(t.Rows, cells) }

// Print writes the table. The last column is not padded.
func (t *Table) Print(w io.Writer, colour bool) {
	header := make([]Cell, len(t.Header))
	for i, h := range t.Header {
		header[i] = Bold.Cell(h)
	}
	rows := append([][]Cell{header}, t.Rows...)
	widths := make([]int, len(header))
	for _, row := range rows {
		for i, c := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(c.Text))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, c := range row {
			line.WriteString(Paint(colour, c.Style, c.Text))
			if i < len(row)-1 {
				line.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c.Text)+2))
			}
		}
		io.WriteString(w, strings.TrimRight(line.String(), " ")+"\n")
	}
}
