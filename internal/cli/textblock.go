package cli

import (
	"fmt"
	"io"
	"strings"

	"golang.org/x/term"
)

// layout is how text for people looks on a terminal or in a file.
type layout struct {
	colour bool
	width  int // in characters
}

// newLayout returns the layout for a stream: as wide as its terminal within reason,
// else 80 characters.
func newLayout(stream any, colour bool) layout {
	l := layout{colour, 80}
	if fd, ok := terminal(stream); ok {
		l.width = min(max(terminalWidth(fd), 50), 100) // longer lines are hard to read
	}
	return l
}

// terminalWidth returns the width of a terminal in characters, 80 if it is unknown.
func terminalWidth(fd int) int {
	width, _, err := term.GetSize(fd)
	if err != nil {
		return 80
	}
	return width
}

// textBlock writes text in a layout.
type textBlock struct {
	layout
	w io.Writer
}

// newTextBlock returns a textBlock that writes to w.
func newTextBlock(l layout, w io.Writer) *textBlock { return &textBlock{l, w} }

func (l layout) style(s style, text string) string { return paint(l.colour, s, text) }

func (t *textBlock) line(format string, args ...any) { fmt.Fprintf(t.w, format+"\n", args...) }

// table writes an empty line and the table.
func (t *textBlock) table(rows table) {
	t.line("")
	t.rows(rows)
}

// rows writes the table.
func (t *textBlock) rows(rows table) { rows.print(t.w, t.colour) }

// itemIndent is where the text of an item begins.
const itemIndent = 6

// item writes a title, and beside it a text that is wrapped.
func (t *textBlock) item(s style, title, text string) {
	lines := wrap(text, t.width-itemIndent)
	t.line("%s%s%s", t.style(s, title), strings.Repeat(" ", max(itemIndent-len(title), 1)), lines[0])
	for _, line := range lines[1:] {
		t.line("%s%s", strings.Repeat(" ", itemIndent), line)
	}
}
