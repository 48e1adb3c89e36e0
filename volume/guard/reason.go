package guard

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// Code is why a verdict is Unknown, or what a reader of a report should know.
// The set is closed.
type Code string

// Codes of the reasons for Unknown.
const (
	Invalid          Code = "invalid"           // path or options; asking again does not help
	Interrupted      Code = "interrupted"       // the caller's context ended
	PoolsUnknown     Code = "pools-unknown"     // no MDS says which physical pool the volume is in
	ClusterUnknown   Code = "cluster-unknown"   // no majority names one cluster
	WrongCluster     Code = "wrong-cluster"     // an MDS belongs to another
	NoReply          Code = "no-reply"          // not reached, broken off or too late
	MalformedReply   Code = "malformed"         // not what an agent answers
	RefusedReply     Code = "refused"           // the agent answered no
	Unsynced         Code = "unsynced"          // restarted, so its lists are empty
	CanaryEmpty      Code = "canary-empty"      // lists nobody where somebody must be
	CanaryFew        Code = "canary-few"        // fewer hosts than demanded
	CanaryLost       Code = "canary-lost"       // a host vanished
	Stale            Code = "stale"             // an answer is not of this round, or out of order
	NoQuorum         Code = "no-quorum"         // too few MDS count
	VolumeMissing    Code = "volume-missing"    // it does not exist
	ExistenceUnknown Code = "existence-unknown" // nobody says whether it exists
	TooFewRounds     Code = "too-few-rounds"    // or too close together
)

// Codes of the notes, which change no verdict.
const (
	NoHostMinimum Code = "no-host-minimum" // MinCanaryHosts was not set
	UnsafePolicy  Code = "unsafe-policy"   // First
	FenceLater    Code = "fence-later"     // an attestation is later than the check
	FenceBroken   Code = "fence-broken"    // a host that was fenced came back
)

// Reason is one cause, with where it was seen. The zero Reason is none.
type Reason struct {
	Code   Code
	MDS    zbs.Addr // zero: it concerns all of them
	Round  int      // from 1; 0: it concerns the check
	Detail string   // an error's text, a host
	// RetryAfter is when asking again may come to something. 0 means that it
	// will not. Once the cause is gone, a check that begins then is definite
	// within Timing.Longest.
	RetryAfter time.Duration
}

// meaning is what a code means and what would settle it.
type meaning struct{ what, settle string }

var meanings = map[Code]meaning{
	Invalid:          {"the check cannot be made", "correct path or options"},
	Interrupted:      {"the caller ended the check", "give it the time of Timing.Longest"},
	PoolsUnknown:     {"no MDS named the volume's physical pool", "an MDS that answers capacity"},
	ClusterUnknown:   {"no majority of the configured MDS names one cluster", "more MDS that answer facts, or ExpectCluster; it takes a storage of 1.5.1 or later"},
	WrongCluster:     {"the MDS belongs to another cluster", "take it off the list of MDS, or correct its address"},
	NoReply:          {"no answer in time", "repair the MDS or the way to it; raise Timing.Span if it is only slow"},
	MalformedReply:   {"the answer is not an agent's", "repair the MDS, or what answers at its address"},
	RefusedReply:     {"the agent answered no", "see its text; without a leader it refuses every ping"},
	Unsynced:         {"the agent got no metadata/sync since it started, its lists are empty", "ZStack syncs it when it reconnects the MDS"},
	CanaryEmpty:      {"the agent lists nobody for the canary, which is always open", "wait for the hosts to register; a storage too old to list clients never does; is it the right canary?"},
	CanaryFew:        {"the canary shows fewer hosts than demanded", "the missing hosts come back, or are fenced (FencedBy), or are not expected any more (MinCanaryHosts)"},
	CanaryLost:       {"a host vanished from the canary", "ask again; if it is cut off, fence it (FencedBy)"},
	Stale:            {"an answer is older than the check, or came out of order or too late", "ask again"},
	NoQuorum:         {"too few MDS prove that they can tell", "settle what the other reasons say of the MDS"},
	VolumeMissing:    {"the volume does not exist", "create it, or correct the path"},
	ExistenceUnknown: {"no MDS says whether the volume exists", "an MDS that answers volume/query"},
	TooFewRounds:     {"the rounds are too few or too close together", "ask again"},
	NoHostMinimum:    {"a host that was cut off from the MDS before the check, but not from the data, would not be noticed", "MinCanaryHosts with the number of the zone's hosts"},
	UnsafePolicy:     {"the first answer was believed, which proves nothing", "policy Quorum"},
	FenceLater:       {"an attestation of a fence was not used, it is later than the check", "check again"},
	FenceBroken:      {"a host that was said to be fenced opened the volume again", "fence it"},
}

// What says in one sentence what is the matter.
func (r Reason) What() string { return meanings[r.Code].what }

// Settle says what would settle it.
func (r Reason) Settle() string { return meanings[r.Code].settle }

// rules tells which rule of the Guard each code is about. That an MDS gave no
// proper answer is a matter of the quorum.
var rules = map[Code]int{
	PoolsUnknown: 1, ClusterUnknown: 1, WrongCluster: 1,
	Unsynced:    2,
	CanaryEmpty: 3, CanaryFew: 3, CanaryLost: 3, NoHostMinimum: 3,
	Stale:         4,
	VolumeMissing: 5, ExistenceUnknown: 5,
	Invalid: 6,
	NoReply: 7, MalformedReply: 7, RefusedReply: 7, NoQuorum: 7, UnsafePolicy: 7,
	TooFewRounds: 8, Interrupted: 8,
	FenceLater: 10, FenceBroken: 10,
}

// Rule returns the number of the Guard's rule that the code is about.
func (c Code) Rule() int { return rules[c] }

// String returns where, what and the detail, in one line.
func (r Reason) String() string {
	var b strings.Builder
	if !r.MDS.IsZero() {
		fmt.Fprintf(&b, "%s: ", r.MDS)
	}
	b.WriteString(r.What())
	if r.Detail != "" {
		fmt.Fprintf(&b, " (%s)", r.Detail)
	}
	return b.String()
}

// oneLine is the text of an error, of several joined ones with semicolons
// between.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// retryAfter is when a cause may be gone. The registry's own causes take as long
// as the clients need to register; for the others nobody can know, and asking
// as often as a client does is bearable.
func (c Code) retryAfter(t Timing) time.Duration {
	switch c {
	case Invalid:
		return 0
	case CanaryEmpty, CanaryFew, CanaryLost:
		return t.Refresh + t.LeaderRetry
	default:
		return t.Refresh
	}
}

// reasonDoc is a Reason in JSON.
type reasonDoc struct {
	Code       Code     `json:"code"`
	MDS        zbs.Addr `json:"mds,omitzero"`
	Round      int      `json:"round,omitempty"`
	Detail     string   `json:"detail,omitempty"`
	RetryAfter Seconds  `json:"retryAfterSeconds,omitempty"`
	What       string   `json:"what"`
	Settle     string   `json:"settle"`
}

// MarshalJSON adds What and Settle.
func (r Reason) MarshalJSON() ([]byte, error) {
	return json.Marshal(reasonDoc{r.Code, r.MDS, r.Round, r.Detail, Seconds(r.RetryAfter), r.What(), r.Settle()})
}

// UnmarshalJSON reads what MarshalJSON writes, without What and Settle.
func (r *Reason) UnmarshalJSON(data []byte) error {
	var d reasonDoc
	err := json.Unmarshal(data, &d)
	*r = Reason{d.Code, d.MDS, d.Round, d.Detail, time.Duration(d.RetryAfter)}
	return err
}
