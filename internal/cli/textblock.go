package cli

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// textBlock writes text for people that fits their terminal.
type textBlock struct {
	w      io.Writer
	colour bool
	width  int
}

// textBlock returns one that is going to stdout by way of w.
func (a *app) textBlock(w io.Writer) *textBlock {
	t := &textBlock{w: w, colour: a.coloured(a.stdout), width: 80}
	if fd, ok := terminal(a.stdout); ok {
		if width, _, err := term.GetSize(fd); err == nil {
			t.width = min(max(width, 50), 100) // longer lines are hard to read
		}
	}
	return t
}

func (t *textBlock) style(s style, text string) string { return paint(t.colour, s, text) }

func (t *textBlock) line(format string, args ...any) { fmt.Fprintf(t.w, format+"\n", args...) }

// table writes a table with an empty line in front.
func (t *textBlock) table(rows table) {
	t.line("")
	rows.print(t.w, t.colour)
}

// itemIndent is where the text of an item begins.
const itemIndent = 6

// item writes a title and its text, wrapped beside it.
func (t *textBlock) item(s style, title, text string) {
	lines := wrap(text, t.width-itemIndent)
	t.line("%s%s%s", t.style(s, title), strings.Repeat(" ", max(itemIndent-len(title), 1)), lines[0])
	for _, line := range lines[1:] {
		t.line("%s%s", strings.Repeat(" ", itemIndent), line)
	}
}

// wrap breaks the text at spaces into lines of the width. A longer word has a line
// of its own.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}

// shorten keeps begin and end of a long name.
func shorten(name string, most int) string {
	runes := []rune(name)
	if len(runes) <= most {
		return name
	}
	tail := most / 2
	return string(runes[:most-1-tail]) + "…" + string(runes[len(runes)-tail:])
}
