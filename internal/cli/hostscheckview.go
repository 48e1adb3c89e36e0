package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// hostsCheckDoc is the JSON and YAML of zbsctl hosts check, a contract: see
// docs/json-output.md.
type hostsCheckDoc struct {
	From       string         `json:"from"`
	Hosts      []hostCheckDoc `json:"hosts"`
	MDS        []mdsDoc       `json:"mds"`
	Heartbeats []heartbeatDoc `json:"heartbeats"`
	Unknown    []unknownAddr  `json:"unknown,omitempty"`
}

type hostCheckDoc struct {
	Host    string     `json:"host"`
	Proof   string     `json:"proof"`
	MDS     []zbs.Addr `json:"mds"`              // that list it
	Volume  string     `json:"volume,omitempty"` // for which the first of them does
	Missing string     `json:"missing,omitempty"`
}

type heartbeatDoc struct {
	Pool  string `json:"pool"`
	Lists string `json:"lists"` // steady, flicker, empty, or unknown
}

func (a *app) printHostsCheck(h *hostsChecking, out format) error {
	doc := hostsCheckDoc{From: h.inventory.From, Heartbeats: h.beats, Unknown: h.unknown}
	unproved := 0
	for _, host := range h.inventory.Hosts() {
		if h.pool != "" && !host.Attached(h.pool) && len(h.seen[host.Name]) == 0 {
			continue
		}
		judged := h.judge(host)
		if judged.Proof == proof.MeansNone.String() {
			unproved++
		}
		doc.Hosts = append(doc.Hosts, judged)
	}
	for _, health := range h.healths {
		doc.MDS = append(doc.MDS, mdsDocOf(health))
	}
	if unproved > 0 || len(h.unknown) > 0 {
		a.code = exitCannotTell
	}
	if out.machine() {
		return encode(a.stdout, out, doc)
	}
	p := checkPrinter{a.textBlock(a.stdout), doc, h}
	p.print(out == formatWide, unproved)
	return nil
}

// checkPrinter writes a check of the inventory for people.
type checkPrinter struct {
	*textBlock
	doc hostsCheckDoc
	*hostsChecking
}

func (p checkPrinter) print(wide bool, unproved int) {
	p.line("%d hosts of %s: %d can be accounted for now, %d cannot", len(p.doc.Hosts), p.doc.From, len(p.doc.Hosts)-unproved, unproved)
	t := table{header: []string{"HOST", "PROOF", "BY"}}
	for _, d := range p.doc.Hosts {
		t.add(cell{text: d.Host}, proofCell(d.Proof), cell{text: p.by(d, wide)})
	}
	p.table(t)
	p.notServing()
	p.heartbeats()
	for _, u := range p.unknown {
		p.line("")
		p.item(red, "why:", fmt.Sprintf("%s has %s open, says %s, and is an address of no host of the inventory", u.IP, u.Volume, u.MDS))
		p.item(plain, "try:", settle(guard.Reason{Code: proof.InventoryIncomplete}))
	}
	if unproved > 0 {
		p.line("")
		p.item(bold, "next:", "for each host that is unproved: "+hostRemedy)
	}
}

func proofCell(text string) cell {
	for m := proof.MeansNone; m <= proof.OutOfPool; m++ {
		if m.String() == text {
			return meansCell(m)
		}
	}
	return cell{text: text}
}

func (p checkPrinter) by(d hostCheckDoc, wide bool) string {
	switch d.Proof {
	case proof.Visible.String():
		volume := d.Volume
		if path, err := zbs.ParsePath(volume); err == nil && !wide {
			volume = shorten(path.Volume, 24)
		}
		return fmt.Sprintf("%d of %d MDS list it for %s", len(d.MDS), len(p.Addrs()), volume)
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
	for _, h := range p.healths {
		if state := stateOf(h).text; state != "serving" {
			texts = append(texts, h.Addr.String()+" is "+state)
		}
	}
	if len(texts) > 0 {
		p.line("")
		p.item(yellow, "note:", strings.Join(texts, "; ")+": see zbsctl mds status")
	}
}

// heartbeats says whether the heartbeat volumes could serve as canaries.
func (p checkPrinter) heartbeats() {
	says := map[string]string{
		"steady":  "can serve as a canary: hosts keep it open, here and now",
		"flicker": "is no canary here: hosts open it for an instant only",
		"empty":   "is no canary here: its lists are empty",
		"unknown": "is not known: no MDS answered",
	}
	for _, lists := range []string{"steady", "flicker", "empty", "unknown"} {
		var pools []string
		for _, b := range p.beats {
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
