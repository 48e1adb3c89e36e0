package mds

import (
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// State is the state of an MDS in a Session. The zero State is Connecting.
type State uint8

const (
	Connecting   State = iota // being asked
	Connected                 // answers pings for the session's cluster
	Disconnected              // does not, or has an agent that must not be used; asked last
)

// String returns "connecting", "connected" or "disconnected".
func (s State) String() string {
	switch s {
	case Connected:
		return "connected"
	case Disconnected:
		return "disconnected"
	default:
		return "connecting"
	}
}

// Status is what a Session knows of one MDS. It is a copy.
type Status struct {
	Addr    zbs.Addr
	State   State
	Since   time.Time        // when it came into the state
	Err     error            // why it is not connected, or its last ping failed; else nil
	Can     zbs.Capabilities // what its agent can do: Can.Generation() names it
	Behind  bool             // its agent is of an older generation than another one's
	Cluster zbs.Facts        // as far as the MDS named it
	Agent   zbs.PingReply    // of the last ping that was answered
	Seen    time.Time        // when that was; zero: never
	Latency time.Duration    // of that ping, or when connecting of the echo

	reported string // the last agentVersion that was not empty
}

func (s *Status) answered(reply zbs.PingReply, took time.Duration) {
	s.Agent, s.Latency, s.Seen, s.Err = reply, took, time.Now(), nil
	if reply.AgentVersion != "" {
		s.reported = reply.AgentVersion
	}
}

// Event is a change of an MDS's state.
type Event struct {
	Addr     zbs.Addr
	From, To State
	Err      error // why it is disconnected; nil for the other states
	At       time.Time
}
