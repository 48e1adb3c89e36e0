package cli

import (
	"strings"
	"time"
)

// blocks are eight heights.
var blocks = []rune("▁▂▃▄▅▆▇█")

// noAnswer stands in a sparkline for a probe that got none.
const noAnswer = "✕"

// sparkline draws the last beats, the newest at the right end of the width; most
// is the height of a full block.
func sparkline(beats []topBeat, width int, most time.Duration) []cell {
	beats = beats[max(0, len(beats)-width):]
	cells := []cell{{text: strings.Repeat(" ", width-len(beats))}}
	for _, b := range beats {
		if b.latency <= 0 {
			cells = append(cells, cell{noAnswer, red})
			continue
		}
		height := (b.latency*time.Duration(len(blocks)) - 1) / most
		cells = append(cells, cell{string(blocks[min(int(height), len(blocks)-1)]), b.style})
	}
	return cells
}

// sparklines returns the cells of the history.
func (m topModel) sparklines(columns []topColumn) func(topRow) []cell {
	width, most := historyWidth(columns), m.scale(columns)
	return func(r topRow) []cell { return sparkline(r.history, width, most) }
}

// scale returns the longest latency that is shown, which is a full block for all
// MDS, so that they can be compared.
func (m topModel) scale(columns []topColumn) (most time.Duration) {
	width := historyWidth(columns)
	for _, r := range m.rows {
		for _, b := range r.history[max(0, len(r.history)-width):] {
			most = max(most, b.latency)
		}
	}
	return most
}

// historyWidth is 0 when there is no room for the history.
func historyWidth(columns []topColumn) int {
	for _, c := range columns {
		if c.header == historyHeader {
			return c.width
		}
	}
	return 0
}
