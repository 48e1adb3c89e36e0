package top

import (
	"strconv"

	"github.com/zbsclient/zbsclient/internal/cli/internal/health"
	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
)

// Table returns what is printed when there is no screen to draw on.
func (m Model) Table() *term.Table {
	t := &term.Table{Header: []string{"MDS", "STATE", "BREAKER", "LATENCY", "P50", "P99", "ASKED", "ERRORS", lastErrorHeader}}
	for _, r := range m.rows {
		last := m.lastError(r)
		t.Add(term.Text(r.health.Addr.String()), r.state(), health.BreakerCell(r.breaker), term.OrDash(term.Brief(r.health.Latency)),
			term.OrDash(term.Brief(r.p50)), term.OrDash(term.Brief(r.p99)), term.Text(strconv.Itoa(r.asked)), term.Text(strconv.Itoa(r.errors)), last)
	}
	return t
}
