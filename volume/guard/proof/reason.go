package proof

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
	Invalid             Code = "invalid"              // path or options; another check does not help
	Interrupted         Code = "interrupted"          // the caller's context ended
	PoolsUnknown        Code = "pools-unknown"        // no MDS says which physical pool the volume is in
	ClusterUnknown      Code = "cluster-unknown"      // no majority names one cluster
	WrongCluster        Code = "wrong-cluster"        // an MDS belongs to another
	NoReply             Code = "no-reply"             // not reached, broken off or too late
	MalformedReply      Code = "malformed"            // not what an agent answers
	RefusedReply        Code = "refused"              // the agent answered no
	AgentTooOld         Code = "agent-too-old"        // would misread questions, and was not asked
	Unsynced            Code = "unsynced"             // restarted, so its lists are empty
	SyncUntold          Code = "sync-untold"          // never names an agentVersion, and lists no client
	ListingUnproved     Code = "listing-unproved"     // lists no client for any volume
	Stale               Code = "stale"                // an answer is not of this round, or out of order
	NoInventory         Code = "no-inventory"         // no host is known
	InventoryUnknown    Code = "inventory-unknown"    // the source of hosts failed
	InventoryIncomplete Code = "inventory-incomplete" // an MDS lists a host that is in no inventory
	NamedOpen           Code = "named-open"           // the inventory names the volume as open on a host
	HostUnproved        Code = "host-unproved"        // nothing shows that a host does not write
	HostIdle            Code = "host-idle"            // nothing can show it: the host has nothing open, and no witness
	HostLost            Code = "host-lost"            // a host that was listed vanished
	FenceOld            Code = "fence-old"            // an attestation is older than MaxFenceAge
	SelfFencingPending  Code = "self-fencing-pending" // a host may not have fenced itself yet
	SameServer          Code = "same-server"          // several addresses are one server; as a note, too
	NoQuorum            Code = "no-quorum"            // too few MDS count
	VolumeMissing       Code = "volume-missing"       // it does not exist
	ExistenceUnknown    Code = "existence-unknown"    // no MDS says whether it exists
	TooFewRounds        Code = "too-few-rounds"       // or too close together
	UnsafePolicy        Code = "unsafe-policy"        // First, which proves nothing
)

// Codes of the notes, which change no verdict.
const (
	FenceLater         Code = "fence-later"           // an attestation is later than the check
	FenceBroken        Code = "fence-broken"          // a host that was fenced came back
	SingleMDS          Code = "single-mds"            // the list has one MDS
	ServerUnknown      Code = "server-unknown"        // agents do not tell which server they are
	RestsOnSelfFencing Code = "rests-on-self-fencing" // the verdict holds only if a host fenced itself
	ExportsUnseen      Code = "exports-unseen"        // MDS nodes are not in the inventory
)

// Reason is one cause, with where it was seen. The zero Reason is none.
type Reason struct {
	Code   Code
	MDS    zbs.Addr // zero: it concerns all of them
	Round  int      // from 1; 0: it concerns the check
	Detail string   // an error's text, a host
	// RetryAfter is the pause after which another check may help; 0: none will. Once
	// the cause is gone, a new check is definite within Terms.Longest.
	RetryAfter time.Duration
}

// meaning is what a code means, what would settle it, and the rule that it is
// about. That an MDS gave no proper answer is a matter of the quorum. A lasting
// cause stays until an operator acts, so that no further round is worth its time.
type meaning struct {
	what, settle string
	rule         int
	lasting      bool
}

const idleRemedy = "a Witness that asks the host, a small volume kept open on it (Host.Open), an attestation that it is off (FencedBy), SelfFencing, or its state maintenance"

var meanings = map[Code]meaning{
	Invalid:             {"the check cannot be made", "correct path or options", 4, true},
	Interrupted:         {"the caller ended the check", "give it the time of Terms.Longest", 6, true},
	PoolsUnknown:        {"no MDS named the volume's physical pool", "an MDS that answers capacity", 1, true},
	ClusterUnknown:      {"no majority of the configured MDS names one cluster", "more MDS that answer facts, or ExpectCluster; it takes a storage of 1.5.1 or later", 1, true},
	WrongCluster:        {"the MDS belongs to another cluster", "take it off the list of MDS, or correct its address", 1, true},
	NoReply:             {"no answer in time", "repair the MDS or the way to it; raise Timing.Span if it is only slow", 5, false},
	MalformedReply:      {"the answer is not an agent's", "repair the MDS, or what answers at its address", 5, false},
	RefusedReply:        {"the agent answered no", "see its text; without a leader it refuses every ping", 5, false},
	AgentTooOld:         {"the agent is too old: it would misread questions, so it is not asked", "upgrade ZStack on that MDS, or take it off the list of MDS", 5, false},
	Unsynced:            {"the agent got no metadata/sync since it started, its lists are empty", "ZStack syncs it when it reconnects the MDS", 2, false},
	SyncUntold:          {"an agent of this generation never says whether it was synced, so its empty lists prove nothing", "a small volume that is kept open somewhere, named in Host.Open or as Canary: an agent that lists its client before and after the volume is synced", 2, false},
	ListingUnproved:     {"the agent lists nobody for any volume, so its empty list proves nothing", "a volume that is open somewhere: in Host.Open, or as Canary; ZStack's heartbeat volume is opened for an instant only; a storage too old to list clients never will", 2, false},
	Stale:               {"an answer is older than the round, or came out of order or too late", "ask again", 2, false},
	NoInventory:         {"no inventory of hosts was given, so a host that no MDS lists is a host that nobody misses", "name every host that has the pool: the hosts of guard.New", 3, true},
	InventoryUnknown:    {"the inventory of hosts cannot be read", "repair its source", 3, true},
	InventoryIncomplete: {"an MDS lists an address that belongs to no host of the inventory", "add the host, or the address to its host", 3, true},
	NamedOpen:           {"the inventory names the volume as open on a host", "correct the inventory once it is closed there; a Witness, or FencedBy for a host that is off, outweighs it", 3, true},
	HostUnproved:        {"nothing shows that the host does not write unseen", "a volume that is open on it (Host.Open), " + idleRemedy, 3, false},
	HostIdle:            {"nothing shows that the host does not write unseen, for nothing is known to be open on it and no witness answers for it", idleRemedy, 3, true},
	HostLost:            {"a host that was listed is not listed any more", "ask again; if it is cut off, fence it (FencedBy) or ask it (Witness); if nothing runs there now, " + idleRemedy, 3, false},
	FenceOld:            {"the attestation of a fence is too old", "confirm again that the host is off, and give the time of that", 3, true},
	SelfFencingPending:  {"a host was lost, and may not have fenced itself yet", "wait, or fence it (FencedBy)", 3, false},
	SameServer:          {"addresses in the list of MDS are of one server, and count once", "list each server once, and every server", 5, true},
	NoQuorum:            {"too few MDS prove that they can tell", "settle what the other reasons say of the MDS", 5, false},
	VolumeMissing:       {"the volume does not exist", "create it, or correct the path", 4, true},
	ExistenceUnknown:    {"no MDS says whether the volume exists", "an MDS that answers volume/query", 4, false},
	TooFewRounds:        {"the rounds are too few or too close together", "ask again", 6, false},
	UnsafePolicy:        {"policy first believes the first list, which proves nothing", "policy Quorum", 5, true},

	FenceLater:         {"an attestation of a fence was not used, it is later than the check", "check again", 3, false},
	FenceBroken:        {"a host that was said to be fenced shows a sign of life", "fence it", 3, false},
	SingleMDS:          {"the list names one MDS: if its agent is wrong, so is the verdict", "list every MDS of the cluster", 5, false},
	ServerUnknown:      {"agents do not tell which server they run on, so two addresses of one would count twice", "make sure that the list names each server once", 5, false},
	RestsOnSelfFencing: {"the verdict holds only if this host ended its machines by itself; ZStack's own does not end vhost machines, nor those with only data disks here, nor any when its read hangs", "fence the host, and say so (FencedBy)", 3, false},
	ExportsUnseen:      {"MDS nodes are not in the inventory: a volume that one exports over NBD is open there, and may not be listed", "add the MDS nodes to the inventory, or export nothing", 3, false},
}

// What says in one sentence what is wrong.
func (r Reason) What() string { return meanings[r.Code].what }

// Settle says what to do about it.
func (r Reason) Settle() string { return meanings[r.Code].settle }

// Rule returns the number of the Guard's rule that the code is about.
func (c Code) Rule() int { return meanings[c].rule }

func (c Code) lasting() bool { return meanings[c].lasting }

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

func joinAddrs(addrs []zbs.Addr) string {
	texts := make([]string, len(addrs))
	for i, addr := range addrs {
		texts[i] = addr.String()
	}
	return strings.Join(texts, ", ")
}

// retryAfter is the pause after which a cause may be gone. Causes in the registry take as
// long as the clients need to register. For the others it is not known; a check as often as
// a client renews its entry is bearable.
func (c Code) retryAfter(t Timing) time.Duration {
	switch c {
	case Invalid:
		return 0
	case ListingUnproved, SyncUntold, HostUnproved, HostLost:
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
