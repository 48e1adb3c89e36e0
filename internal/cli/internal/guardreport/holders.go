package guardreport

import (
	"fmt"

	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

// holders prints the hosts that have the volume open.
func (p *printer) holders() {
	if len(p.report.Holders) == 0 {
		return
	}
	t := term.Table{Header: []string{"OPEN ON", "STANDING", "CLIENTS", "ROUNDS", "LISTED BY"}}
	tones := map[proof.Standing]term.Style{proof.Foreign: term.Red, proof.Fenced: term.Yellow, proof.Allowed: term.Green}
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
		t.Add(term.Text(host), tones[h.Standing].Cell(h.Standing.String()), term.Text(term.Some(h.Clients, 1, p.Wide)),
			term.Text(term.Some(h.Rounds, 4, p.Wide)), term.Text(by))
	}
	p.Table(t)
	p.strangers()
}

// strangers names the holders that are not in the inventory.
func (p *printer) strangers() {
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
		p.Line("")
		p.Item(term.Cyan, "note:", term.Listed(names, 8)+" is an address of no host of the inventory")
	}
}
