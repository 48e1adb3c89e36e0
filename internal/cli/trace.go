package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/internal/cli/internal/health"
	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// tracer is an mds.Hook that prints each call at its end: which MDS were asked, when,
// why, with which result, and why the others were not asked.
type tracer struct {
	env *environment
	mu  sync.Mutex // keeps the text of a call in one piece
}

// Call measures the call, and prints it at its end.
func (t *tracer) Call(ctx context.Context, e zbs.Endpoint) (context.Context, func(mds.Trace, error)) {
	began := time.Now()
	return ctx, func(trace mds.Trace, err error) {
		text := t.describe(e, trace, err, time.Since(began))
		t.mu.Lock()
		defer t.mu.Unlock()
		io.WriteString(t.env.stderr, text)
	}
}

// Attempt does nothing: the trace has all attempts.
func (t *tracer) Attempt(ctx context.Context, _ zbs.Endpoint, _ zbs.Addr) (context.Context, func(mds.Attempt)) {
	return ctx, nil
}

func (t *tracer) describe(e zbs.Endpoint, trace mds.Trace, err error, total time.Duration) string {
	outcome := t.env.errStyle(term.Red, "failed")
	if addr, ok := trace.Answered(); ok && err == nil {
		outcome = t.env.errStyle(term.Green, "answered by "+addr.String())
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s %s %s after %s\n", t.env.errStyle(term.Dim, "trace:"), t.env.errStyle(term.Bold, e.Name), outcome, term.Took(total))
	rows := term.Table{Header: []string{"  MDS", "ASKED AT", "TOOK", "BREAKER", "WHY", "RESULT"}}
	for _, a := range trace.Attempts {
		result := term.Green.Cell("answered")
		if a.Err != nil {
			result = term.Red.Cell(t.env.scrub(fmt.Sprintf("%s: %v", a.Phase, a.Err)))
		}
		rows.Add(term.Text("  "+a.Addr.String()), term.Text(term.Took(a.Began)), term.Text(term.Took(a.Duration)),
			health.BreakerCell(a.Breaker), term.Text(whyWords[a.Why]), result)
	}
	for _, s := range trace.Skipped {
		rows.Add(term.Text("  "+s.Addr.String()), term.Dim.Cell("-"), term.Dim.Cell("-"),
			health.BreakerCell(s.Breaker), term.Dim.Cell("-"), term.Dim.Cell("not asked: "+s.Reason.String()))
	}
	rows.Print(&out, t.env.coloured(t.env.stderr))
	return out.String()
}

var whyWords = map[mds.Why]string{
	mds.WhyFirst:    "first in order",
	mds.WhyFailed:   "the one before failed",
	mds.WhySlow:     "the one before took long",
	mds.WhyTargeted: "the call is for it",
}
