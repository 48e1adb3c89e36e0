package proof

import (
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// Evidence is all that a verdict rests on: the hosts, and the queries to each MDS and
// witness with their answers. Its times count from the begin of the
// check or round, so a clock that is set meanwhile changes nothing.
type Evidence struct {
	MDS        []zbs.Addr `json:"mds"`                  // the configured ones, in the order of the list
	Hosts      *Inventory `json:"hosts,omitempty"`      // nil: no inventory was given
	Identities []Identity `json:"identities,omitempty"` // which cluster and server each MDS says it is
	Rounds     []Round    `json:"rounds,omitempty"`     // in the order they were made
	Abort      Reason     `json:"halt,omitzero"`        // what ended the check before it had its rounds
}

// Identity is what an MDS answered to facts and to resource/usage. It may be
// older than the check: in each round its ping confirms the cluster.
type Identity struct {
	MDS     zbs.Addr `json:"mds"`
	Cluster string   `json:"cluster,omitempty"` // uuid; empty when it named none
	Version string   `json:"version,omitempty"` // of the storage
	Server  string   `json:"server,omitempty"`  // serial number of its machine; empty when the agent does not tell
	Outcome Outcome  `json:"outcome"`           // of facts
	Error   string   `json:"error,omitempty"`
	// ServerPending says that the MDS has not answered yet which server it runs on,
	// not even that it cannot tell. It may be the server of any other.
	ServerPending bool `json:"serverPending,omitempty"`
}

// Round is one poll of all MDS.
type Round struct {
	Began        Seconds       `json:"beganSeconds"` // since the check began
	Took         Seconds       `json:"tookSeconds"`
	Observations []Observation `json:"observations"`
	Existence    []Existence   `json:"existence,omitempty"`
	Statements   []Statement   `json:"statements,omitempty"` // of witnesses
}

// Observation is what one MDS answered in one round, in this order: ping,
// clients of the volume, clients of others. Where the ping names no agentVersion,
// some others are asked for before the volume as well.
type Observation struct {
	MDS     zbs.Addr   `json:"mds"`
	Cluster string     `json:"cluster,omitempty"` // what it named when it refused the ping
	Ping    PingAnswer `json:"ping,omitzero"`
	Clients ListAnswer `json:"clients,omitzero"`
	Survey  *Survey    `json:"survey,omitempty"` // lists of other volumes
	// Generation is that of an agent which never names an agentVersion, such as
	// "G7e". It is found out only where all lists are empty too.
	Generation string `json:"generation,omitempty"`
	// Late says that the round had ended when the MDS answered. What it lists
	// counts against the volume and proves nothing for it.
	Late bool `json:"late,omitempty"`
}

// Existence is what one MDS answered to the query for the volume.
type Existence struct {
	MDS zbs.Addr `json:"mds"`
	Answer
}

// Statement is what a witness said of a host in a round.
type Statement struct {
	Host string `json:"host"` // name in the inventory
	Answer
	// Open says that the host has the volume open.
	Open bool `json:"open"`
	// At is when the answer was true, since the round began. One from before the
	// round vouches for nothing.
	At Seconds `json:"atSeconds"`
	// LastAlive is when the host last reached its data, since the round began,
	// mostly negative; nil: the witness does not know.
	LastAlive *Seconds `json:"lastAliveSeconds,omitempty"`
}

// Outcome is how a query ended. The zero Outcome is NotAsked.
type Outcome uint8

// Outcomes.
const (
	NotAsked  Outcome = iota
	Answered          // an answer of the kind asked for
	NoAnswer          // not reached, broken off, or not in time
	Malformed         // something came that is no answer
	Refused           // the agent answered no, or does not have the query
	Missing           // the agent answered that the volume does not exist
	TooOld            // the agent would misread the query, so it was not sent
)

var outcomeNames = []string{NotAsked: "not-asked", Answered: "answered", NoAnswer: "no-answer",
	Malformed: "malformed", Refused: "refused", Missing: "missing", TooOld: "too-old"}

// String returns the name in JSON, such as "no-answer".
func (o Outcome) String() string { return nameOf(outcomeNames, o) }

// MarshalText returns String.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (o *Outcome) UnmarshalText(text []byte) error { return readName(outcomeNames, o, text) }

// Answer is how and when one query was answered.
type Answer struct {
	Asked   Seconds `json:"askedSeconds"` // since the round began
	Took    Seconds `json:"tookSeconds"`
	Outcome Outcome `json:"outcome"`
	Error   string  `json:"error,omitempty"`
}

func (a Answer) ended() Seconds { return a.Asked + a.Took }

// during reports whether the query was sent and answered within the round.
func (a Answer) during(took Seconds) bool {
	return a.Asked >= 0 && a.Took >= 0 && a.ended() <= took
}

// PingAnswer is the answer to ping.
type PingAnswer struct {
	Answer
	AgentVersion string `json:"agentVersion,omitempty"` // empty: not synced since its start, or never told
}

// ListAnswer is the answer to a query for clients.
type ListAnswer struct {
	Answer
	Clients []zbs.Client `json:"clients,omitzero"` // nil: not answered
}

func (l ListAnswer) shows() bool { return l.Outcome == Answered && len(l.Clients) > 0 }

// end returns when the round ended, since the check began.
func (r Round) end() time.Duration { return time.Duration(r.Began + r.Took) }
