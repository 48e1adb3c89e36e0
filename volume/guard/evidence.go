package guard

import (
	"github.com/zbsclient/zbsclient/zbs"
)

// Evidence is all a verdict rests on: what each MDS was asked and answered. It
// holds no times of day, so a clock that is set meanwhile changes nothing.
type Evidence struct {
	MDS        []zbs.Addr `json:"mds"`                  // the configured ones, in the order of the list
	Identities []Identity `json:"identities,omitempty"` // which cluster each says it belongs to
	Rounds     []Round    `json:"rounds,omitempty"`     // in the order they were made
	Halt       Reason     `json:"halt,omitzero"`        // what ended the check before it had its rounds
}

// Identity is what an MDS answered to facts. It may be older than the check: in
// each round its ping confirms it.
type Identity struct {
	MDS     zbs.Addr `json:"mds"`
	Cluster string   `json:"cluster,omitempty"` // uuid; empty when it named none
	Version string   `json:"version,omitempty"` // of the storage
	Outcome Outcome  `json:"outcome"`
	Error   string   `json:"error,omitempty"`
}

// Round is one time that the MDS were asked.
type Round struct {
	Began        Seconds       `json:"beganSeconds"` // since the check began
	Took         Seconds       `json:"tookSeconds"`
	Observations []Observation `json:"observations"`
	Existence    []Existence   `json:"existence,omitempty"`
}

// Observation is what one MDS answered in one round, in this order: ping,
// clients of the volume, clients of the canary. An MDS that stands in for
// another is asked again and has two of them.
type Observation struct {
	MDS     zbs.Addr   `json:"mds"`
	Cluster string     `json:"cluster,omitempty"` // what it named when it refused the ping
	Ping    PingAnswer `json:"ping,omitzero"`
	Clients ListAnswer `json:"clients,omitzero"`
	Canary  ListAnswer `json:"canary,omitzero"`
}

// Existence is what one MDS answered to the query for the volume.
type Existence struct {
	MDS zbs.Addr `json:"mds"`
	Answer
}

// Outcome is how a question ended. The zero Outcome is NotAsked.
type Outcome uint8

const (
	NotAsked  Outcome = iota
	Answered          // an answer of the kind asked for
	NoAnswer          // not reached, broken off, or not in time
	Malformed         // something came that is no answer
	Refused           // the agent answered no, or does not know the question
	Missing           // the agent answered that the volume does not exist
)

var outcomeNames = []string{NotAsked: "not-asked", Answered: "answered", NoAnswer: "no-answer",
	Malformed: "malformed", Refused: "refused", Missing: "missing"}

// String returns the name in JSON, such as "no-answer".
func (o Outcome) String() string { return nameOf(outcomeNames, o) }

// MarshalText returns String.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (o *Outcome) UnmarshalText(text []byte) error { return readName(outcomeNames, o, text) }

// Answer is how and when one question was answered.
type Answer struct {
	Asked   Seconds `json:"askedSeconds"` // since the round began
	Took    Seconds `json:"tookSeconds"`
	Outcome Outcome `json:"outcome"`
	Error   string  `json:"error,omitempty"`
}

func (a Answer) ended() Seconds { return a.Asked + a.Took }

// PingAnswer is the answer to ping.
type PingAnswer struct {
	Answer
	AgentVersion string `json:"agentVersion,omitempty"` // empty: not synced since its start
}

// ListAnswer is the answer to a question for clients.
type ListAnswer struct {
	Answer
	Clients []zbs.Client `json:"clients,omitzero"` // nil: not answered
}
