package top

import (
	"strings"
	"time"

	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
)

// blocks are bars of eight heights.
var blocks = []rune("▁▂▃▄▅▆▇█")

// noAnswer marks a probe without an answer.
const noAnswer = "✕"

// sparkline draws the last beats, the newest at the right. most is the latency of a
// full block.
func sparkline(beats []beat, width int, most time.Duration) []term.Cell {
	beats = beats[max(0, len(beats)-width):]
	cells := []term.Cell{term.Text(strings.Repeat(" ", width-len(beats)))}
	for _, b := range beats {
		if b.latency <= 0 {
			cells = append(cells, term.Red.Cell(noAnswer))
			continue
		}
		height := (b.latency*time.Duration(len(blocks)) - 1) / most
		cells = append(cells, b.style.Cell(string(blocks[min(int(height), len(blocks)-1)])))
	}
	return cells
}
