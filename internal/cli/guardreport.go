package cli

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

// printReport prints verdict, holders, hosts, evidence, reasons and what to do next. It
// writes once, and looks at the validity last.
func printReport(w io.Writer, l layout, r guard.Report, v view) {
	var body, head bytes.Buffer
	p := &reportPrinter{v, newTextBlock(l, &body), r}
	p.holders()
	p.hosts()
	p.rounds()
	p.reasons()
	if v.explain {
		p.rules()
	}
	p.textBlock = newTextBlock(l, &head)
	expired := r.Verdict == guard.Free && v.expired()
	p.verdict(expired)
	p.textBlock = newTextBlock(l, &body)
	p.next(expired)
	head.WriteTo(w)
	body.WriteTo(w)
}

// verdict prints the first line.
func (p *reportPrinter) verdict(expired bool) {
	said := verdictCell(p.report.Verdict)
	said.text = strings.ToUpper(said.text)
	until := ""
	switch {
	case p.mismatch != nil && p.report.Verdict == guard.Free && !expired:
		said = red.cell("FREE, BUT NOT FOR THIS QUESTION")
	case expired:
		said = red.cell("EXPIRED")
		until = ", was free until " + clockTime(p.report)
	case p.report.Verdict == guard.Free:
		until = " until " + clockTime(p.report)
	}
	p.line("%s: %s%s", p.report.Volume, p.style(said.style, said.text), until)
	if p.report.Policy == guard.First {
		p.line("%s", p.style(red, p.firstList()+", and policy first believes it: this PROVES NOTHING"))
	}
}

// firstList says what the first list contains, for policy first.
func (p *reportPrinter) firstList() string {
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
func (p *reportPrinter) next(expired bool) {
	var next string
	switch r := p.report; {
	case expired:
		next = "do not open it: check again, for a host may have opened it since"
	case r.Verdict == guard.Free && p.mismatch != nil:
		next = "do not open anything by this report: " + p.mismatch.Error()
	case r.Verdict == guard.Free && !p.asOf.IsZero():
		next = fmt.Sprintf("nothing: this is what was known at %s, and says nothing of now", p.asOf.UTC().Format(time.RFC3339))
	case r.Verdict == guard.Free:
		next = "open it now, before " + clockTime(r)
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
	p.line("")
	p.item(bold, "next:", next)
}

// inShort explains the verdict in one line.
func inShort(r guard.Report) string {
	switch r.Verdict {
	case guard.Free:
		return "until " + clockTime(r)
	case guard.InUse:
		var names []string
		for _, h := range r.ForeignHolders() {
			names = append(names, h.Name())
		}
		return "on " + listed(names, 4)
	}
	groups := byCause(r.Reasons)
	if len(groups) == 0 {
		return ""
	}
	text := groups[0][0].What()
	if places := where(groups[0]); len(places) > 0 {
		text += " (" + listed(places, 2) + ")"
	}
	return text
}
