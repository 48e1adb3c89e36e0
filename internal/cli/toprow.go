package cli

import (
	"strings"
	"time"
	"unicode"
)

// state shows the state, or "-" before the first probe.
func (r topRow) state() cell {
	if r.rounds == 0 {
		return dim.cell("-")
	}
	return stateOf(r.health).cell()
}

// lastError shows the last error. It says when, unless the last probe failed.
func (m topModel) lastError(r topRow) cell {
	text := printable(r.lastErr)
	if text == "" {
		return cell{}
	}
	if r.health.Err == nil {
		return dim.cell(brief(max(m.now.Sub(r.lastErrAt).Truncate(time.Second), time.Second)) + " ago: " + text)
	}
	return textCell(text)
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
