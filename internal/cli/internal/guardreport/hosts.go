package guardreport

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// fewHosts is how many hosts are printed in any case.
const fewHosts = 10

// hosts prints how each host of the inventory is accounted for. If there are many, it
// prints only those that are not.
func (p *printer) hosts() {
	r := p.report
	all := p.Explain || p.Wide || len(r.Hosts) <= fewHosts
	if inUse := r.Verdict == guard.InUse && !p.Explain && !p.Wide; inUse || len(r.Hosts) == 0 {
		return // the check ended before it looked for the hosts
	}
	p.Line("")
	p.Line("%s %s", p.Style(term.Bold, "HOSTS"), countMeans(r.Hosts))
	t := term.Table{Header: []string{"HOST", "PROOF", "BY"}}
	for i, h := range r.Hosts {
		if all || h.Means == proof.MeansNone {
			t.Add(term.Text(h.Host), MeansCell(h.Means), term.Text(p.provedBy(i, h)))
		}
	}
	if len(t.Rows) > 0 {
		p.Rows(t)
	}
	if len(t.Rows) < len(r.Hosts) {
		p.Line("%s", p.Style(term.Dim, "(-o wide shows every host)"))
	}
}

// countMeans counts the hosts by what accounts for them, the unproved first.
func countMeans(hosts []guard.HostProof) string {
	counts := make(map[proof.Means]int)
	for _, h := range hosts {
		counts[h.Means]++
	}
	var texts []string
	for m := proof.MeansNone; m <= proof.OutOfPool; m++ {
		if n := counts[m]; n > 0 {
			texts = append(texts, fmt.Sprintf("%d %s", n, m))
		}
	}
	return strings.Join(texts, ", ")
}

// MeansCell shows what accounts for a host.
func MeansCell(m proof.Means) term.Cell {
	switch m {
	case proof.MeansNone:
		return term.Red.Cell(m.String())
	case proof.SelfFenced, proof.FencedHost:
		return term.Yellow.Cell(m.String())
	case proof.InMaintenance, proof.OutOfPool:
		return term.Dim.Cell(m.String())
	default:
		return term.Green.Cell(m.String())
	}
}

// provedBy says what accounts for host i of the inventory, or what is missing.
func (p *printer) provedBy(i int, h guard.HostProof) string {
	r := p.report
	switch h.Means {
	case proof.Visible:
		listing, by := p.listing(i)
		return fmt.Sprintf("%d of %d MDS list it for %s", listing, len(r.Evidence.MDS), p.nameOf(by))
	case proof.AllowedHost:
		return "may have it open"
	case proof.Vouched:
		return "its witness"
	case proof.FencedHost:
		return p.fencedBy(h.Host)
	case proof.SelfFenced:
		return fmt.Sprintf("no MDS listed it for %v", r.SelfFencing)
	case proof.InMaintenance, proof.OutOfPool:
		return "the inventory"
	case proof.MeansNone: // a reason or a note says what is missing
	}
	for _, reason := range slices.Concat(r.Reasons, r.Notes) {
		if reason.Detail == h.Host || strings.HasPrefix(reason.Detail, h.Host+":") || strings.HasPrefix(reason.Detail, h.Host+",") {
			return shortCodes[reason.Code]
		}
	}
	if r.Verdict == guard.Unknown {
		return "no quorum lists it"
	}
	return ""
}

// fencedBy returns the last attestation that the host is fenced, in short.
func (p *printer) fencedBy(host string) string {
	for _, a := range slices.Backward(p.report.Fences) {
		if a.Host == host {
			return fmt.Sprintf("%s, at %s", term.Shorten(a.By, 30), a.At.UTC().Format("15:04:05Z"))
		}
	}
	return ""
}

// listing counts the MDS that list host i in the decisive round, and returns the
// volume for which the first of them does.
func (p *printer) listing(i int) (n int, by zbs.Path) {
	round := p.decisive()
	if round == nil {
		return 0, by
	}
	for _, o := range round.Observations {
		for _, list := range listsOf(p.report, o) {
			if p.shows(list, i) {
				n++
				if n == 1 {
					by = list.Volume
				}
				break
			}
		}
	}
	return n, by
}

// shows reports whether the list contains host i of the inventory.
func (p *printer) shows(list proof.VolumeList, i int) bool {
	return slices.ContainsFunc(list.Clients, func(c zbs.Client) bool {
		k, ok := p.report.Evidence.Hosts.OfClient(c.IP)
		return ok && k == i
	})
}

// decisive returns the round that determines the age of the verdict, nil without one.
func (p *printer) decisive() *proof.Round {
	r := p.report
	for k := range r.Evidence.Rounds {
		if round := &r.Evidence.Rounds[k]; r.BeganAt.Add(secondsOf(round.Began)).Equal(r.ObservedAt) {
			return round
		}
	}
	return nil
}
