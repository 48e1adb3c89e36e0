package cli

import "strconv"

// table returns what is printed when there is no screen to draw on.
func (m topModel) table() *table {
	t := &table{header: []string{"MDS", "STATE", "BREAKER", "LATENCY", "P50", "P99", "ASKED", "ERRORS", lastErrorHeader}}
	for _, r := range m.rows {
		last := m.lastError(r)
		t.add(textCell(r.health.Addr.String()), r.state(), breakerCell(r.breaker), orDash(brief(r.health.Latency)),
			orDash(brief(r.p50)), orDash(brief(r.p99)), textCell(strconv.Itoa(r.asked)), textCell(strconv.Itoa(r.errors)), last)
	}
	return t
}
