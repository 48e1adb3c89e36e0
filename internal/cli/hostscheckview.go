package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// checkPrinter prints a check of the inventory.
type checkPrinter struct {
	*textBlock
	doc         hostsCheckDoc
	selfFencing time.Duration
	wide        bool
}

// printHostsCheck prints the document for people. selfFencing is 0 unless hosts are
// known to fence themselves.
func printHostsCheck(env *environment, doc hostsCheckDoc, selfFencing time.Duration, wide bool) {
	p := checkPrinter{newTextBlock(env.layout(), env.stdout), doc, selfFencing, wide}
	unproved := doc.unproved()
	p.line("%d hosts of %s: %d can be accounted for now, %d cannot", len(p.doc.Hosts), p.doc.From, len(p.doc.Hosts)-unproved, unproved)
	t := table{header: []string{"HOST", "PROOF", "BY"}}
	for _, d := range p.doc.Hosts {
		t.add(textCell(d.Host), proofCell(d.Proof), textCell(p.by(d)))
	}
	p.table(t)
	p.notServing()
	p.heartbeats()
	for _, u := range p.doc.Unknown {
		p.line("")
		p.item(red, "why:", fmt.Sprintf("%s has %s open, says %s, and is an address of no host of the inventory", u.IP, u.Volume, u.MDS))
		p.item(plain, "try:", settle(guard.Reason{Code: proof.InventoryIncomplete}))
	}
	if unproved > 0 {
		p.line("")
		p.item(bold, "next:", "for each host that is unproved: "+hostRemedy)
	}
}

// proofCell shows the proof of a host.
func proofCell(text string) cell {
	for m := proof.MeansNone; m <= proof.OutOfPool; m++ {
		if m.String() == text {
			return meansCell(m)
		}
	}
	return textCell(text)
}

// by says what accounts for a host, or what is missing.
func (p checkPrinter) by(d hostCheckDoc) string {
	switch d.Proof {
	case proof.Visible.String():
		volume := d.Volume
		if path, err := zbs.ParsePath(volume); err == nil && !p.wide {
			volume = shorten(path.Volume, 24)
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
		if m.State != stateServing {
			texts = append(texts, m.MDS+" is "+string(m.State))
		}
	}
	if len(texts) > 0 {
		p.line("")
		p.item(yellow, "note:", strings.Join(texts, "; ")+": see zbsctl mds status")
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
			p.line("")
			p.item(cyan, "note:", fmt.Sprintf("the heartbeat volume of %s %s", strings.Join(pools, ", "), says[lists]))
		}
	}
}
