package cli

import (
	"io"
	"strings"
	"unicode/utf8"
)

// cell is a text of a table in a style.
type cell struct {
	text  string
	style style
}

// textCell returns a cell without a style.
func textCell(text string) cell { return cell{text: text} }

// cell returns a cell in the style.
func (s style) cell(text string) cell { return cell{text: text, style: s} }

// orDash returns a dim "-" for an empty text.
func orDash(text string) cell {
	if text == "" {
		return dim.cell("-")
	}
	return textCell(text)
}

// table is rows of cells. Each column is as wide as its widest cell.
type table struct {
	header []string
	rows   [][]cell
}

func (t *table) add(cells ...cell) { t.rows = append(t.rows, cells) }

// print writes the table. The last column is not padded.
func (t *table) print(w io.Writer, colour bool) {
	header := make([]cell, len(t.header))
	for i, h := range t.header {
		header[i] = bold.cell(h)
	}
	rows := append([][]cell{header}, t.rows...)
	widths := make([]int, len(header))
	for _, row := range rows {
		for i, c := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(c.text))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, c := range row {
			line.WriteString(paint(colour, c.style, c.text))
			if i < len(row)-1 {
				line.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c.text)+2))
			}
		}
		io.WriteString(w, strings.TrimRight(line.String(), " ")+"\n")
	}
}
