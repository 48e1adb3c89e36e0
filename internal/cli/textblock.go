package cli

import (
	"fmt"
	"io"
	"strings"

	"golang.org/x/term"
)

// textBlock writes text that fits the terminal.
type textBlock struct {
	w      io.Writer
	colour bool
	width  int
}

// newTextBlock returns a textBlock with the width and colours of stdout. w is stdout,
// or a buffer that ends up there.
func newTextBlock(env *environment, w io.Writer) *textBlock {
	t := &textBlock{w: w, colour: env.coloured(env.stdout), width: 80}
	if fd, ok := terminal(env.stdout); ok {
		if width, _, err := term.GetSize(fd); err == nil {
			t.width = min(max(width, 50), 100) // longer lines are hard to read
		}
	}
	return t
}

func (t *textBlock) style(s style, text string) string { return paint(t.colour, s, text) }

func (t *textBlock) line(format string, args ...any) { fmt.Fprintf(t.w, format+"\n", args...) }

// table writes an empty line and the table.
func (t *textBlock) table(rows table) {
	t.line("")
	rows.print(t.w, t.colour)
}

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
