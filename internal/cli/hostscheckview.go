package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zbsclient/zbsclient/internal/cli/internal/guardreport"
	"github.com/zbsclient/zbsclient/internal/cli/internal/health"
	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// checkPrinter prints a check of the inventory.
type checkPrinter struct {
	*term.Block
	doc         hostsCheckDoc
	selfFencing time.Duration
	wide        bool
}

// printHostsCheck prints the document for people. selfFencing is 0 unless hosts are
// known to fence themselves.
func printHostsCheck(env *environment, doc hostsCheckDoc, selfFencing time.Duration, wide bool) {
	p := checkPrinter{term.NewBlock(env.layout(), env.stdout), doc, selfFencing, wide}
	unproved := doc.unproved()
	p.Line("%d hosts of %s: %d can be accounted for now, %d cannot", len(p.doc.Hosts), p.doc.From, len(p.doc.Hosts)-unproved, unproved)
	t := term.Table{Header: []string{"HOST", "PROOF", "BY"}}
	for _, d := range p.doc.Hosts {
		t.Add(term.Text(d.Host), proofCell(d.Proof), term.Text(p.by(d)))
	}
	p.Table(t)
	p.notServing()
	p.heartbeats()
	for _, u := range p.doc.Unknown {
		p.Line("")
		p.Item(term.Red, "why:", fmt.Sprintf("%s has %s open, says %s, and is an address of no host of the inventory", u.IP, u.Volume, u.MDS))
		p.Item(term.Plain, "try:", guardreport.Settle(guard.Reason{Code: proof.InventoryIncomplete}))
	}
	if unproved > 0 {
		p.Line("")
		p.Item(term.Bold, "next:", "for each host that is unproved: "+guardreport.HostRemedy)
	}
}

// proofCell shows the proof of a host.
func proofCell(text string) term.Cell {
	for m := proof.MeansNone; m <= proof.OutOfPool; m++ {
		if m.String() == text {
			return guardreport.MeansCell(m)
		}
	}
	return term.Text(text)
}

// by says what accounts for a host, or what is missing.
func (p checkPrinter) by(d hostCheckDoc) string {
	switch d.Proof {
	case proof.Visible.String():
		volume := d.Volume
		if path, err := zbs.ParsePath(volume); err == nil && !p.wide {
			volume = term.Shorten(path.Volume, 24)
		}
		return fmt.Sprintf("%d of %d MDS list it for %s", len(d.MDS), len(p.doc.MDS), volume)
	case proof.SelfFenced.String():
		return fmt.Sprintf("%v after the first check that misses it", p.selfFencing)
	case proof.MeansNone.String():
		return d.Missing
	}
	return "the inventory"
}

// notServing names the MDS that cannot list.
func (p checkPrinter) notServing() {
	var texts []string
	for _, m := range p.doc.MDS {
		if m.State != health.Serving {
			texts = append(texts, m.MDS+" is "+string(m.State))
		}
	}
	if len(texts) > 0 {
		p.Line("")
		p.Item(term.Yellow, "note:", strings.Join(texts, "; ")+": see zbsctl mds status")
	}
}

// heartbeats says whether the heartbeat volumes could serve as canaries.
func (p checkPrinter) heartbeats() {
	says := map[heartbeatLists]string{
		listsSteady:  "can serve as a canary: hosts keep it open, here and now",
		listsFlicker: "is no canary here: hosts open it for an instant only",
		listsEmpty:   "is no canary here: its lists are empty",
		listsUnknown: "is not known: no MDS answered",
	}
	for _, lists := range []heartbeatLists{listsSteady, listsFlicker, listsEmpty, listsUnknown} {
		var pools []string
		for _, b := range p.doc.Heartbeats {
			if b.Lists == lists {
				pools = append(pools, b.Pool)
			}
		}
		if len(pools) > 0 {
			slices.Sort(pools)
			p.Line("")
			p.Item(term.Cyan, "note:", fmt.Sprintf("the heartbeat volume of %s %s", strings.Join(pools, ", "), says[lists]))
		}
	}
}
