package cli

import (
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// style is an ANSI attribute; colour is for terminals alone.
type style string

const (
	plain  style = ""
	bold   style = "1"
	dim    style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
	cyan   style = "36"
)

// coloured reports whether w is a terminal that wants colour (no-color.org).
func (a *app) coloured(w io.Writer) bool {
	_, ok := terminal(w)
	return ok && a.getenv("NO_COLOR") == "" && a.getenv("TERM") != "dumb"
}

// terminal returns the terminal's file descriptor when the stream is one.
func terminal(stream any) (fd int, ok bool) {
	f, ok := stream.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	return int(f.Fd()), true
}

func paint(on bool, s style, text string) string {
	if !on || s == plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

func (a *app) outStyle(s style, text string) string { return paint(a.coloured(a.stdout), s, text) }
func (a *app) errStyle(s style, text string) string { return paint(a.coloured(a.stderr), s, text) }

// cell is a text of a table in a style.
type cell struct {
	text  string
	style style
}

// table is rows of cells in columns as wide as their widest.
type table struct {
	header []string
	rows   [][]cell
}

func (t *table) add(cells ...cell) { t.rows = append(t.rows, cells) }

// print writes the table. The last column is not padded.
func (t *table) print(w io.Writer, colour bool) {
	header := make([]cell, len(t.header))
	for i, h := range t.header {
		header[i] = cell{h, bold}
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
