package zbs

import (
	"errors"
	"fmt"
	"slices"
)

// Errors about an agent that cannot do what a command asks. Nothing of the command
// was sent when a call returns one of them.
var (
	// ErrAgentTooOld: the agent is of ZStack 5.4.0 or older, or of ZSV 4.10. It
	// would misread commands: it can answer success without doing anything, or act
	// on a volume called "None".
	ErrAgentTooOld = errors.New("agent too old")
	// ErrUnsupported: the agent does not have what the command asks for. It matches
	// errors.ErrUnsupported as well.
	ErrUnsupported = fmt.Errorf("the agent cannot do this (%w)", errors.ErrUnsupported)
	// ErrHostAccess: the agent logs in to the host by ssh, and the command carries
	// no user and password for it.
	ErrHostAccess = errors.New("the agent needs ssh access to the host")
)

// marks are the endpoints in which generations of agents differ, in the order in
// which asking for them tells most.
var marks = []Endpoint{
	EndpointVolumeClients, EndpointVhostCheck, EndpointResourceUsage, EndpointVhostDeploy, EndpointSnapshotQuery,
	EndpointFacts, EndpointClientDeploy, EndpointVolumeFlatten, EndpointVolumeQueryBatch,
	EndpointVhostDestroy, EndpointVhostHealth, EndpointVhostBdevCreate, EndpointVhostBdevDelete,
}

// endpointSet is a set of marks.
type endpointSet uint16

func setOf(endpoints []Endpoint) (s endpointSet) {
	for _, e := range endpoints {
		s |= bitOf(e)
	}
	return s
}

// bitOf returns the set of one endpoint, and the empty set if it is no mark.
func bitOf(e Endpoint) endpointSet {
	if i := slices.IndexFunc(marks, func(m Endpoint) bool { return m.Name == e.Name }); i >= 0 {
		return 1 << i
	}
	return 0
}

// Capabilities is what is known of an agent's endpoints: for each, that the agent has
// it, that it lacks it, or nothing. An agent can be asked without running anything: it
// answers a POST without the header taskuuid with 400 if it has the endpoint, and with
// 404 if not.
//
// Only endpoints in which generations differ are kept. The zero value knows
// nothing. Capabilities are values, comparable and safe for concurrent use.
type Capabilities struct{ has, lacks endpointSet }

// With returns c with the knowledge that the agent has or lacks the endpoint.
func (c Capabilities) With(e Endpoint, has bool) Capabilities {
	bit := bitOf(e)
	c.has &^= bit
	c.lacks &^= bit
	if has {
		c.has |= bit
	} else {
		c.lacks |= bit
	}
	return c
}

// Has reports whether the agent is known to have the endpoint.
func (c Capabilities) Has(e Endpoint) bool { return c.has&bitOf(e) != 0 }

// Lacks reports whether the agent is known not to have the endpoint.
func (c Capabilities) Lacks(e Endpoint) bool { return c.lacks&bitOf(e) != 0 }

// Knows reports whether it is known if the agent has the endpoint.
func (c Capabilities) Knows(e Endpoint) bool { return c.Has(e) || c.Lacks(e) }

// TooOld reports whether the agent is known to misread commands: it cannot list
// the clients of a volume, as no agent up to ZStack 5.4.0 and ZSV 4.10 can.
func (c Capabilities) TooOld() bool { return c.Lacks(EndpointVolumeClients) }
