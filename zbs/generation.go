package zbs

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
)

// Generation is one kind of agent in the field. Agents send no number of their
// generation: the endpoints that they have and lack show it.
type Generation struct {
	ID       string // such as "G9"
	Releases string // of ZStack or ZSV that bring it, as far as that is known
	// Rank puts generations in order of their age. G7e, a side line, has the rank of
	// G8, because it is not known which of the two is older.
	Rank  int
	Has   []Endpoint // those that tell it from others
	Lacks []Endpoint
	// Different is what this package does for it that it does not do for others.
	Different string
	Seen      string // how the row is known
}

// TooOld reports whether agents of the generation misread commands.
func (g Generation) TooOld() bool { return setOf(g.Lacks)&bitOf(EndpointVolumeClients) != 0 }

// TellsVersion reports whether agents of the generation name their agentVersion in
// the answer to a ping once they were synced. An agent that never names it looks like
// one that was not synced.
func (g Generation) TellsVersion() bool { return g.ID != "G7e" }

const (
	refused   = "refused (ErrAgentTooOld): its fields have other names"
	seenRun   = "public source of the release, run"
	seenRead  = "public source of the release, read"
	seenParts = "public text of the agent, read"
)

// generations is the table of generations, the oldest first.
var generations = []Generation{
	{"G1", "ZStack 5.2.0 and 5.2.1", 1, ends(EndpointFacts), ends(EndpointVolumeClients, EndpointClientDeploy, EndpointVolumeQueryBatch, EndpointVolumeFlatten),
		refused + "; facts writes mds.listen.addr into the node's client.conf", seenRun},
	{"G2", "ZStack 5.3.0", 2, ends(EndpointFacts, EndpointClientDeploy), ends(EndpointVolumeClients, EndpointVolumeQueryBatch, EndpointVolumeFlatten),
		refused, seenRun},
	{"G3", "ZStack 5.3.1", 3, ends(EndpointClientDeploy), ends(EndpointVolumeClients, EndpointFacts, EndpointVolumeQueryBatch, EndpointVolumeFlatten),
		refused, seenRead},
	{"G4", "ZStack 5.3.20 to 5.3.22", 4, ends(EndpointClientDeploy), ends(EndpointVolumeClients, EndpointFacts, EndpointVolumeQueryBatch, EndpointVolumeFlatten),
		refused, seenRead},
	{"G5", "ZStack 5.3.28", 5, ends(EndpointClientDeploy), ends(EndpointVolumeClients, EndpointFacts, EndpointVolumeQueryBatch, EndpointVolumeFlatten),
		refused, seenRead},
	{"G6", "ZStack 5.4.0", 6, ends(EndpointClientDeploy, EndpointVolumeQueryBatch), ends(EndpointVolumeClients, EndpointFacts, EndpointVolumeFlatten),
		refused, seenRun},
	{"G6z", "ZSV 4.10.10 to 4.10.16", 6, ends(EndpointClientDeploy, EndpointVolumeFlatten), ends(EndpointVolumeClients, EndpointFacts, EndpointVolumeQueryBatch),
		refused, seenRead},
	{"G7", "between ZStack 5.4.0 and G8", 7, ends(EndpointVolumeClients, EndpointFacts), ends(EndpointVhostBdevCreate, EndpointVhostDeploy, EndpointVhostCheck, EndpointResourceUsage, EndpointSnapshotQuery),
		"no copy into another pool", "inferred from the generations around it; no text of it is public"},
	{"G7e", "a side line after G7", 8, ends(EndpointVolumeClients, EndpointFacts, EndpointSnapshotQuery), ends(EndpointVhostBdevCreate, EndpointVhostDeploy, EndpointVhostCheck, EndpointResourceUsage),
		"capacity names a pool; no batch query; no copy into another pool; its ping never tells agentVersion", seenParts},
	{"G8", "after G7", 8, ends(EndpointVolumeClients, EndpointFacts, EndpointVhostDeploy, EndpointVhostBdevCreate), ends(EndpointVhostCheck, EndpointResourceUsage),
		"bdevs need ssh access to the host; no copy into another pool", seenParts},
	{"G9", "after G8", 9, ends(EndpointVolumeClients, EndpointFacts, EndpointResourceUsage, EndpointVhostDeploy, EndpointVhostDestroy, EndpointVhostBdevCreate), ends(EndpointVhostCheck, EndpointSnapshotQuery, EndpointVhostHealth),
		"bdevs need no ssh access", "public text of the agent, run"},
	{"G10", "after G9", 10, ends(EndpointVolumeClients, EndpointFacts, EndpointVhostCheck, EndpointVhostBdevCreate), ends(EndpointVhostDeploy, EndpointVhostDestroy),
		"bdevs need no ssh access; vhost is checked and not deployed", "public tests of the agent and of ZStack, read"},
}

func ends(endpoints ...Endpoint) []Endpoint { return endpoints }

// Generations returns the table of generations, the oldest first. It is a copy.
func Generations() []Generation { return append([]Generation(nil), generations...) }

// Generations returns the generations that an agent with the capabilities may be
// of, the oldest first. It returns none for an agent unlike all of them, such as a
// newer one.
func (c Capabilities) Generations() (fit []Generation) {
	for _, g := range generations {
		if c.has&setOf(g.Lacks) == 0 && c.lacks&setOf(g.Has) == 0 {
			fit = append(fit, g)
		}
	}
	return fit
}

// Generation names the generation, such as "G9", those that are possible, such as
// "G3 to G5" or "G7 or G7e", "unknown" when nothing is known, and "other" for an agent
// unlike all generations of the table.
func (c Capabilities) Generation() string {
	fit := c.Generations()
	switch {
	case c == Capabilities{}:
		return "unknown"
	case len(fit) == 0:
		return "other"
	case len(fit) > 2 && isRow(fit):
		return fit[0].ID + " to " + fit[len(fit)-1].ID
	}
	ids := make([]string, len(fit))
	for i, g := range fit {
		ids[i] = g.ID
	}
	last := len(ids) - 1
	if last == 0 {
		return ids[0]
	}
	return strings.Join(ids[:last], ", ") + " or " + ids[last]
}

// isRow reports whether the generations stand in the table one after the other.
func isRow(fit []Generation) bool {
	first := slices.IndexFunc(generations, func(g Generation) bool { return g.ID == fit[0].ID })
	end := first + len(fit)
	return end <= len(generations) && generations[end-1].ID == fit[len(fit)-1].ID
}

// Releases names the releases that bring agents with the capabilities.
func (c Capabilities) Releases() string {
	fit := c.Generations()
	switch {
	case c == Capabilities{} || len(fit) == 0:
		return "an unknown release"
	case len(fit) == 1:
		return fit[0].Releases
	case c.TooOld() && !c.Has(EndpointClientDeploy):
		return "ZStack 5.4.0 or older, or ZSV 4.10"
	}
	return fmt.Sprintf("%s up to %s", fit[0].Releases, fit[len(fit)-1].Releases)
}

// OlderThan reports whether the agent is certainly of an older generation than one
// with the capabilities d. It is false in case of doubt.
func (c Capabilities) OlderThan(d Capabilities) bool {
	newest, known := 0, c != (Capabilities{})
	for _, g := range c.Generations() {
		newest = max(newest, g.Rank)
	}
	others := d.Generations()
	return known && newest > 0 && d != (Capabilities{}) && len(others) > 0 && newest < others[0].Rank
}

// TellsVersion reports whether agents with the capabilities name their
// agentVersion once they were synced (Generation.TellsVersion). It is false only
// where every generation that is possible never does.
func (c Capabilities) TellsVersion() bool {
	fit := c.Generations()
	return len(fit) == 0 || slices.ContainsFunc(fit, Generation.TellsVersion)
}

// Next returns an endpoint that tells some of the possible generations apart. It
// returns false when there is none.
func (c Capabilities) Next() (Endpoint, bool) {
	if !c.Knows(EndpointVolumeClients) {
		return EndpointVolumeClients, true
	}
	var has, lacks endpointSet // of some generation that is possible
	for _, g := range c.Generations() {
		has |= setOf(g.Has)
		lacks |= setOf(g.Lacks)
	}
	telling := has & lacks &^ (c.has | c.lacks)
	if telling == 0 {
		return Endpoint{}, false
	}
	return marks[bits.TrailingZeros16(uint16(telling))], true
}
