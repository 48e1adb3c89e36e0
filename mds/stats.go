package mds

import (
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// Stats is what a Caller has counted since it was made. It is a copy.
type Stats struct {
	MDS       []MDSStats      // in the order of the list
	Endpoints []EndpointStats // those that were called, by name
	Budget    float64         // extra attempts the retry budget has left
}

// MDSStats is what was counted of one MDS.
type MDSStats struct {
	Addr         zbs.Addr
	Breaker      Breaker
	Disconnected bool      // a Session says so
	InFlight     int       // attempts and probes under way, those that wait for a connection included
	LastErr      error     // of the last attempt or probe that failed; nil: none has
	LastErrAt    time.Time // when that was
	Recognitions uint64    // small requests that ask what the agent can do

	Counts                  // of all endpoints together
	Endpoints []NamedCounts // those it was asked for, by name
}

// NamedCounts are the counts of one endpoint at one MDS.
type NamedCounts struct {
	Endpoint string // such as "volume/clients"
	Counts
}

// EndpointStats is what was counted of one endpoint.
type EndpointStats struct {
	Endpoint string // such as "volume/clients"
	Calls    uint64 // that ended
	Failed   uint64 // of these
	Counts          // of the attempts at all MDS
}

// Counts count attempts, by how they ended.
type Counts struct {
	Attempts  uint64 // begun
	Answered  uint64 // their answer was the call's
	Refused   uint64 // the agent said no, or HTTP 4xx, or is of a generation that cannot do this
	Failed    uint64 // not reached, no answer, a broken one, or too late
	Overtaken uint64 // another MDS, asked later, answered first
	Cancelled uint64 // ended by the caller, SendOnlyWhile included, or because one asked earlier answered
	PutOff    uint64 // waited for a connection, and went to an MDS that had one
	Probes    uint64 // begun, to find out whether the MDS is back

	// Calls that did not ask the MDS, by reason.
	NotNeeded           uint64 // another answered
	SkippedBreaker      uint64 // its breaker, or failures just before, put it behind those that answered
	SkippedDisconnected uint64 // a Session put it behind those that answered
	SkippedBudget       uint64 // the retry budget was spent
	SkippedStopped      uint64 // the call ended without an answer before its turn

	Latency Histogram // from sending to the answer, of attempts that got one
}
