package cli

import (
	"github.com/zbsclient/zbsclient/internal/cli/internal/health"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// hostsCheckDoc is the JSON and YAML of zbsctl hosts check. It is a contract: see
// docs/json-output.md.
type hostsCheckDoc struct {
	From       string         `json:"from"`
	Hosts      []hostCheckDoc `json:"hosts"`
	MDS        []health.Doc   `json:"mds"`
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
	Pool  string         `json:"pool"`
	Lists heartbeatLists `json:"lists"`
}

// heartbeatLists says what the lists of a heartbeat volume are like.
type heartbeatLists string

const (
	listsSteady  heartbeatLists = "steady"  // hosts keep it open
	listsFlicker heartbeatLists = "flicker" // hosts open it for an instant
	listsEmpty   heartbeatLists = "empty"
	listsUnknown heartbeatLists = "unknown" // no MDS answered
)

// unknownAddr is an address that belongs to no host of the inventory.
type unknownAddr struct {
	IP     string   `json:"ip"`
	Volume string   `json:"volume"`
	MDS    zbs.Addr `json:"mds"`
}

// unproved counts the hosts that are not accounted for.
func (d hostsCheckDoc) unproved() (n int) {
	for _, host := range d.Hosts {
		if host.Proof == proof.MeansNone.String() {
			n++
		}
	}
	return n
}
