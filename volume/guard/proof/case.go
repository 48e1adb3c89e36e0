package proof

import (
	"slices"
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// Case is all that a verdict is derived from: the question, the terms, and the
// evidence. The time of day matters for attestations only.
type Case struct {
	Volume   zbs.Path
	Terms    Terms
	BeganAt  time.Time // when the check began
	Evidence Evidence
}

// Decision is what the evidence of a Case comes to, by the rules in package guard.
type Decision struct {
	Verdict Verdict
	Holders []Holder
	Hosts   []HostProof
	Reasons []Reason // why it is Unknown
	Notes   []Reason
	// Rounds says of each round what it is worth.
	Rounds []RoundWorth
	// Observed is the round that the verdict is as old as: the last that counts,
	// else the last. It is -1 without a round.
	Observed int
	// Open reports that another round may change Unknown to Free. It is useful
	// from Next on, since the check began.
	Open bool
	Next time.Duration
}

// RoundWorth is what one round is worth.
type RoundWorth struct {
	// Proved is how many servers proved in the round that they can list, and
	// account for every host.
	Proved int
	// Listing is how many of them proved that they can list.
	Listing int
	// Exists reports that an MDS of the cluster says that the volume exists, and
	// none that it does not.
	Exists bool
	// Counts reports that the round keeps every rule.
	Counts bool
	// Unproved are the hosts that nothing accounts for in the round, by place in
	// the inventory.
	Unproved HostSet
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

// Decide derives the verdict.
func (c Case) Decide() Decision {
	e := newEvaluation(c)
	if c.Evidence.Halt.Code != "" {
		e.block(c.Evidence.Halt)
	} else if err := c.Terms.Timing.Check(); err != nil {
		e.block(Reason{Code: Invalid, Detail: oneLine(err)}) // no Guard takes such terms
	}
	if c.Terms.Policy == First {
		e.believeFirst()
	} else {
		e.prove()
	}
	return e.decide()
}
