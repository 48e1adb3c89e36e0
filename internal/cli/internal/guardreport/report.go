// Package guardreport prints reports of the Guard for people.
//
// Print puts the sections of a report together. Each section has a file of its own:
// holders, hosts, rounds, reasons and rules.
package guardreport

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

// Print prints verdict, holders, hosts, evidence, reasons and what to do next. It
// writes once, and looks at the validity last.
func Print(w io.Writer, l term.Layout, r guard.Report, v View) {
	var body, head bytes.Buffer
	p := &printer{v, term.NewBlock(l, &body), r}
	p.holders()
	p.hosts()
	p.rounds()
	p.reasons()
	if v.Explain {
		p.rules()
	}
	p.Block = term.NewBlock(l, &head)
	expired := r.Verdict == guard.Free && v.Expired()
	p.verdict(expired)
	p.Block = term.NewBlock(l, &body)
	p.next(expired)
	head.WriteTo(w)
	body.WriteTo(w)
}

// verdict prints the first line.
func (p *printer) verdict(expired bool) {
	said := VerdictCell(p.report.Verdict)
	said.Text = strings.ToUpper(said.Text)
	until := ""
	switch {
	case p.Mismatch != nil && p.report.Verdict == guard.Free && !expired:
		said = term.Red.Cell("FREE, BUT NOT FOR THIS QUESTION")
	case expired:
		said = term.Red.Cell("EXPIRED")
		until = ", was free until " + ClockTime(p.report)
	case p.report.Verdict == guard.Free:
		until = " until " + ClockTime(p.report)
	}
	p.Line("%s: %s%s", p.report.Volume, p.Style(said.Style, said.Text), until)
	if p.report.Policy == guard.First {
		p.Line("%s", p.Style(term.Red, p.firstList()+", and policy first believes it: this PROVES NOTHING"))
	}
}

// firstList says what the first list contains, for policy first.
func (p *printer) firstList() string {
	if p.report.Verdict == guard.InUse {
		return "the first list names another host"
	}
	for _, r := range p.report.Reasons {
		if r.Code == proof.UnsafePolicy && r.Detail != "" {
			return r.Detail
		}
	}
	return "no MDS gave a list"
}

// next prints what to do.
func (p *printer) next(expired bool) {
	var next string
	switch r := p.report; {
	case expired:
		next = "do not open it: check again, for a host may have opened it since"
	case r.Verdict == guard.Free && p.Mismatch != nil:
		next = "do not open anything by this report: " + p.Mismatch.Error()
	case r.Verdict == guard.Free && !p.AsOf.IsZero():
		next = fmt.Sprintf("nothing: this is what was known at %s, and says nothing of now", p.AsOf.UTC().Format(time.RFC3339))
	case r.Verdict == guard.Free:
		next = "open it now, before " + ClockTime(r)
	case r.Verdict == guard.InUse:
		next = "do not open it; close it where it is open, or fence that host and check again with --fenced"
	case r.Policy == guard.First:
		next = "do not open it: check again without --policy first"
	default:
		next = "do not open it; settle what is said above, and check again"
		again := proof.Case{Volume: r.Volume, Terms: r.Terms, BeganAt: r.BeganAt, Evidence: r.Evidence}.Decide().Open
		if after := r.RetryAfter(); again && after > 0 {
			next += " in " + after.String() + " (--wait does)"
		}
	}
	p.Line("")
	p.Item(term.Bold, "next:", next)
}

// InShort explains the verdict in one line.
func InShort(r guard.Report) string {
	switch r.Verdict {
	case guard.Free:
		return "until " + ClockTime(r)
	case guard.InUse:
		var names []string
		for _, h := range r.ForeignHolders() {
			names = append(names, h.Name())
		}
		return "on " + term.Listed(names, 4)
	case guard.Unknown: // the reasons say why
	}
	groups := byCause(r.Reasons)
	if len(groups) == 0 {
		return ""
	}
	text := groups[0][0].What()
	if places := where(groups[0]); len(places) > 0 {
		text += " (" + term.Listed(places, 2) + ")"
	}
	return text
}
