package top

import (
	"time"

	"github.com/zbsclient/zbsclient/internal/cli/internal/health"
)

// Doc is the JSON and YAML of a round of zbsctl mds top. It is a contract: see
// docs/json-output.md.
type Doc struct {
	Round int      `json:"round"`
	At    string   `json:"at"`
	MDS   []mdsDoc `json:"mds"`
}

type mdsDoc struct {
	health.Doc
	P50Seconds  float64 `json:"p50Seconds"`
	P99Seconds  float64 `json:"p99Seconds"`
	Asked       int     `json:"asked"`
	Errors      int     `json:"errors"`
	LastError   string  `json:"lastError,omitempty"`
	LastErrorAt string  `json:"lastErrorAt,omitempty"`
}

// Doc returns the document of a round.
func (m Model) Doc(round int) Doc {
	doc := Doc{Round: round, At: instant(m.now), MDS: make([]mdsDoc, len(m.rows))}
	for i, r := range m.rows {
		doc.MDS[i] = mdsDoc{
			Doc: health.DocOf(r.health), P50Seconds: r.p50.Seconds(), P99Seconds: r.p99.Seconds(),
			Asked: r.asked, Errors: r.errors, LastError: r.lastErr,
		}
		if r.lastErr != "" {
			doc.MDS[i].LastErrorAt = instant(r.lastErrAt)
		}
	}
	return doc
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }
