package cli

import (
	"strings"
	"time"
)

// blocks are bars of eight heights.
var blocks = []rune("▁▂▃▄▅▆▇█")

// noAnswer marks a probe without an answer.
const noAnswer = "✕"

// sparkline draws the last beats, the newest at the right. most is the latency of a
// full block.
func sparkline(beats []topBeat, width int, most time.Duration) []cell {
	beats = beats[max(0, len(beats)-width):]
	cells := []cell{textCell(strings.Repeat(" ", width-len(beats)))}
	for _, b := range beats {
		if b.latency <= 0 {
			cells = append(cells, red.cell(noAnswer))
			continue
		}
		height := (b.latency*time.Duration(len(blocks)) - 1) / most
		cells = append(cells, b.style.cell(string(blocks[min(int(height), len(blocks)-1)])))
	}
	return cells
}
