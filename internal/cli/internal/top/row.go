package top

import (
	"strings"
	"time"
	"unicode"

	"github.com/zbsclient/zbsclient/internal/cli/internal/health"
	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
)

// state shows the state, or "-" before the first probe.
func (r row) state() term.Cell {
	if r.rounds == 0 {
		return term.Dim.Cell("-")
	}
	return health.Of(r.health).Cell()
}

// lastError shows the last error. It says when, unless the last probe failed.
func (m Model) lastError(r row) term.Cell {
	text := printable(r.lastErr)
	if text == "" {
		return term.Cell{}
	}
	if r.health.Err == nil {
		return term.Dim.Cell(term.Brief(max(m.now.Sub(r.lastErrAt).Truncate(time.Second), time.Second)) + " ago: " + text)
	}
	return term.Text(text)
}

// printable removes control characters and newlines from a text of an agent.
func printable(text string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) || !unicode.IsPrint(c) {
			return ' '
		}
		return c
	}, text)
}
