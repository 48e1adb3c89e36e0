package guardreport

import (
	"slices"
	"strings"

	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

// reasons prints the causes of the verdict. Each cause stands there once, with the
// places where it occurs and what to do about it.
func (p *printer) reasons() {
	title, reasons, notes := "why:", p.report.Reasons, p.report.Notes
	if p.report.Verdict == guard.InUse {
		title = "also:"
		reasons = slices.DeleteFunc(slices.Clone(reasons), unfinished)
		notes = slices.DeleteFunc(slices.Clone(notes), unfinished)
	}
	p.causes(title, term.Yellow, reasons)
	p.causes("note:", term.Cyan, notes)
}

// unfinished reports whether a reason means nothing for a volume in use: the check
// ended at once, before most answers arrived.
func unfinished(r guard.Reason) bool {
	switch r.Code {
	case proof.NoReply, proof.ListingUnproved, proof.SyncUntold, proof.Stale, proof.HostUnproved, proof.HostIdle, proof.HostLost, proof.SelfFencingPending,
		proof.NoInventory, proof.NoQuorum, proof.ExistenceUnknown, proof.TooFewRounds, proof.UnsafePolicy:
		return true
	}
	return false
}

// causes prints each cause of the reasons.
func (p *printer) causes(title string, tone term.Style, reasons []guard.Reason) {
	for _, group := range byCause(reasons) {
		p.Line("")
		p.Item(tone, title, group[0].What())
		if places := where(group); len(places) > 0 {
			p.Item(term.Plain, "at:", term.Listed(places, 8))
		}
		p.Item(term.Plain, "try:", Settle(group[0]))
	}
}

// byCause groups reasons by code, in the order of their first occurrence.
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

// where lists the MDS and hosts of a cause, with details.
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
