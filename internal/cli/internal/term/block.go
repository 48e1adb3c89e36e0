package term

import (
	"fmt"
	"io"
	"strings"

	"golang.org/x/term"
)

// Layout is how text for people looks on a terminal or in a file.
type Layout struct {
	colour bool
	width  int // in characters
}

// NewLayout returns the layout for a stream: as wide as its terminal within reason,
// else 80 characters.
func NewLayout(stream any, colour bool) Layout {
	l := Layout{colour, 80}
	if fd, ok := FD(stream); ok {
		l.width = min(max(Width(fd), 50), 100) // longer lines are hard to read
	}
	return l
}

// Width returns the width of a terminal in characters, 80 if it is unknown.
func Width(fd int) int {
	width, _, err := term.GetSize(fd)
	if err != nil {
		return 80
	}
	return width
}

// Block writes text in a layout.
type Block struct {
	Layout
	w io.Writer
}

// NewBlock returns a Block that writes to w.
func NewBlock(l Layout, w io.Writer) *Block { return &Block{l, w} }

// Style returns the text in the style if the layout has colours.
func (l Layout) Style(s Style, text string) string { return Paint(l.colour, s, text) }

// Line writes a line.
func (t *Block) Line(format string, args ...any) { fmt.Fprintf(t.w, format+"\n", args...) }

// Table writes an empty line and the table.
func (t *Block) Table(rows Table) {
	t.Line("")
	t.Rows(rows)
}

// Rows writes the table.
func (t *Block) Rows(rows Table) { rows.Print(t.w, t.colour) }

// itemIndent is where the text of an item begins.
const itemIndent = 6

// Item writes a title, and beside it a text that is wrapped.
func (t *Block) Item(s Style, title, text string) {
	lines := Wrap(text, t.width-itemIndent)
	t.Line("%s%s%s", t.Style(s, title), strings.Repeat(" ", max(itemIndent-len(title), 1)), lines[0])
	for _, line := range lines[1:] {
		t.Line("%s%s", strings.Repeat(" ", itemIndent), line)
	}
}
