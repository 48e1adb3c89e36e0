package proof

import (
	"slices"
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// Case is all that a verdict is derived from: the volume, the terms, and the
// evidence. The time of day matters for attestations only.
type Case struct {
	Volume   zbs.Path
	Terms    Terms
	BeganAt  time.Time // when the check began
	Evidence Evidence
}

// Needs is how many servers must count in a round, by policy.
func (c Case) Needs() int { return c.Terms.Policy.needs(len(c.servers())) }

// servers groups the configured MDS: those of one server are one, and an MDS that
// does not tell its server is one by itself.
func (c Case) servers() map[string][]zbs.Addr {
	servers := make(map[string][]zbs.Addr, len(c.Evidence.MDS))
	for _, addr := range c.Evidence.MDS {
		name := c.serverOf(addr)
		if !slices.Contains(servers[name], addr) {
			servers[name] = append(servers[name], addr)
		}
	}
	return servers
}

// serverOf names the server of an MDS, by its serial number or by the address.
func (c Case) serverOf(addr zbs.Addr) string {
	for _, id := range c.Evidence.Identities {
		if id.MDS == addr && id.Server != "" {
			return "serial " + id.Server
		}
	}
	return addr.String()
}
