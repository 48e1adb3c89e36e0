package cli

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

// view is how much of a report is shown, and as of when.
type view struct {
	explain bool // the rules, and every host
	wide    bool // every round and host, with names in full
	expired func() bool
	asOf    time.Time // zero: now
	// otherwise is why a report that is Free does not answer what its reader asks.
	otherwise error
}

// reportPrinter writes one report.
type reportPrinter struct {
	view
	*textBlock
	report guard.Report
}

// printReport prints verdict, holders, hosts, evidence, reasons and what to do
// next. It writes once: the validity is looked at last.
func (a *app) printReport(r guard.Report, v view) {
	var body, head bytes.Buffer
	p := &reportPrinter{v, a.textBlock(&body), r}
	p.holders()
	p.hosts()
	p.rounds()
	p.reasons()
	if v.explain {
		p.rules()
	}
	p.textBlock = a.textBlock(&head)
	expired := r.Verdict == guard.Free && v.expired()
	p.verdict(expired)
	p.w = &body
	p.next(expired)
	head.WriteTo(a.stdout)
	body.WriteTo(a.stdout)
}

func verdictCell(v guard.Verdict) cell {
	switch v {
	case guard.Free:
		return cell{"free", green}
	case guard.InUse:
		return cell{"in use", red}
	default:
		return cell{"cannot tell", yellow}
	}
}

func (p *reportPrinter) verdict(expired bool) {
	said := verdictCell(p.report.Verdict)
	said.text = strings.ToUpper(said.text)
	until := ""
	switch {
	case p.otherwise != nil && p.report.Verdict == guard.Free && !expired:
		said = cell{"FREE, BUT NOT FOR THIS QUESTION", red}
	case expired:
		said = cell{"EXPIRED", red}
		until = ", was free until " + clockTime(p.report)
	case p.report.Verdict == guard.Free:
		until = " until " + clockTime(p.report)
	}
	p.line("%s: %s%s", p.report.Volume, p.style(said.style, said.text), until)
	if p.report.Policy == guard.First {
		p.line("%s", p.style(red, p.firstList()+", and policy first believes it: this PROVES NOTHING"))
	}
}

// firstList says what the first list said, by policy first.
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

func (p *reportPrinter) holders() {
	if len(p.report.Holders) == 0 {
		return
	}
	t := table{header: []string{"OPEN ON", "STANDING", "CLIENTS", "ROUNDS", "LISTED BY"}}
	tones := map[proof.Standing]style{proof.Foreign: red, proof.Fenced: yellow, proof.Allowed: green}
	for _, h := range p.report.Holders {
		by := fmt.Sprintf("%d of %d MDS", len(h.MDS), len(p.report.Evidence.MDS))
		switch {
		case h.Witness && len(h.MDS) == 0:
			by = "its witness"
		case h.Witness:
			by += ", its witness"
		}
		host := h.Host
		if host == "" {
			host = "?"
		}
		t.add(cell{text: host}, cell{h.Standing.String(), tones[h.Standing]}, cell{text: some(h.Clients, 1, p.wide)},
			cell{text: some(h.Rounds, 4, p.wide)}, cell{text: by})
	}
	p.table(t)
	p.strangers()
}

// strangers names the holders that are no hosts of the inventory.
func (p *reportPrinter) strangers() {
	inventory := p.report.Evidence.Hosts
	if inventory.Len() == 0 {
		return
	}
	var names []string
	for _, h := range p.report.Holders {
		if _, known := inventory.Find(h.Host); !known {
			names = append(names, h.Name())
		}
	}
	if len(names) > 0 {
		p.line("")
		p.item(cyan, "note:", listed(names, 8)+" is an address of no host of the inventory")
	}
}

// some joins the values, and counts those beyond the first few unless all are
// wanted.
func some[T any](values []T, few int, all bool) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = fmt.Sprint(v)
	}
	if len(texts) > few && !all {
		return fmt.Sprintf("%s and %d more", strings.Join(texts[:few], ", "), len(texts)-few)
	}
	return strings.Join(texts, ", ")
}

// reasons says why the verdict is what it is and what would settle it, each cause
// once, with where it was seen.
func (p *reportPrinter) reasons() {
	title, reasons, notes := "why:", p.report.Reasons, p.report.Notes
	if p.report.Verdict == guard.InUse {
		title = "also:"
		reasons = slices.DeleteFunc(slices.Clone(reasons), unfinished)
		notes = slices.DeleteFunc(slices.Clone(notes), unfinished)
	}
	p.causes(title, yellow, reasons)
	p.causes("note:", cyan, notes)
}

// unfinished reports a reason that says nothing of a volume in use: the check ended
// at once, so most questions have no answer yet.
func unfinished(r guard.Reason) bool {
	switch r.Code {
	case proof.NoReply, proof.ListingUnproved, proof.SyncUntold, proof.Stale, proof.HostUnproved, proof.HostIdle, proof.HostLost, proof.SelfFencingPending,
		proof.NoInventory, proof.NoQuorum, proof.ExistenceUnknown, proof.TooFewRounds, proof.UnsafePolicy:
		return true
	}
	return false
}

func (p *reportPrinter) causes(title string, tone style, reasons []guard.Reason) {
	for _, group := range byCause(reasons) {
		p.line("")
		p.item(tone, title, group[0].What())
		if places := where(group); len(places) > 0 {
			p.item(plain, "at:", listed(places, 8))
		}
		p.item(plain, "try:", settle(group[0]))
	}
}

// byCause groups reasons by code, in the order they came.
func byCause(reasons []guard.Reason) (groups [][]guard.Reason) {
	for _, r := range reasons {
		i := slices.IndexFunc(groups, func(g []guard.Reason) bool { return g[0].Code == r.Code })
		if i < 0 {
			groups = append(groups, []guard.Reason{r})
		} else {
			groups[i] = append(groups[i], r)
		}
	}
	return groups
}

// where lists the MDS and hosts of a cause, with the detail.
func where(group []guard.Reason) (places []string) {
	for _, r := range group {
		place := r.Detail
		if !r.MDS.IsZero() {
			place = strings.TrimSuffix(r.MDS.String()+": "+r.Detail, ": ")
		}
		if place != "" && !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	return places
}

// listed joins the texts, and counts those beyond the first.
func listed(texts []string, most int) string {
	if len(texts) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(texts[:most], "; "), len(texts)-most)
	}
	return strings.Join(texts, "; ")
}

// next says what to do.
func (p *reportPrinter) next(expired bool) {
	var next string
	switch r := p.report; {
	case expired:
		next = "do not open it: check again, for a host may have opened it since"
	case r.Verdict == guard.Free && p.otherwise != nil:
		next = "do not open anything by this report: " + p.otherwise.Error()
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

// inShort is what a line about one of many volumes says beside the verdict.
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
