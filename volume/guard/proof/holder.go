package proof

import (
	"github.com/zbsclient/zbsclient/zbs"
)

// Standing says what a holder means for the verdict. The zero Standing is
// Foreign.
type Standing uint8

// Standings.
const (
	Foreign Standing = iota // must not have the volume open
	Fenced                  // attested to write no more
	Allowed                 // AllowHost
)

var standingNames = []string{Foreign: "foreign", Fenced: "fenced", Allowed: "allowed"}

// String returns "foreign", "fenced" or "allowed".
func (s Standing) String() string { return nameOf(standingNames, s) }

// MarshalText returns String.
func (s Standing) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (s *Standing) UnmarshalText(text []byte) error { return readName(standingNames, s, text) }

// Holder is a host that some MDS listed in some round as having the volume open,
// or that a witness says has it open.
type Holder struct {
	// Host is the name in the inventory, or the address as the agent wrote it if
	// that belongs to no host; empty when the agent left it out.
	Host     string       `json:"host"`
	Standing Standing     `json:"standing"`
	Clients  []zbs.Client `json:"clients,omitempty"` // as listed, each once
	MDS      []zbs.Addr   `json:"mds,omitempty"`     // which listed it
	Rounds   []int        `json:"rounds"`            // in which rounds, from 1
	// Witness says that a witness of the host said so.
	Witness bool `json:"witness,omitempty"`
}

// Name returns the host, or words for one without an address.
func (h Holder) Name() string {
	if h.Host == "" {
		return "a host without an address"
	}
	return h.Host
}
