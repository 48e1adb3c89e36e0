package cli

import (
	"fmt"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

// holders prints the hosts that have the volume open.
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
		t.add(textCell(host), tones[h.Standing].cell(h.Standing.String()), textCell(some(h.Clients, 1, p.wide)),
			textCell(some(h.Rounds, 4, p.wide)), textCell(by))
	}
	p.table(t)
	p.strangers()
}

// strangers names the holders that are not in the inventory.
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
