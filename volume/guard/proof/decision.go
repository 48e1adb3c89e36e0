package proof

import "time"

// Decision is the result of a Case, by the rules in package guard.
type Decision struct {
	Verdict Verdict
	Holders []Holder
	Hosts   []HostProof
	Reasons []Reason // why it is Unknown
	Notes   []Reason
	// Rounds says what each round is worth.
	Rounds []RoundWorth
	// Observed is the round that the verdict rests on: the last that counts, or else
	// the last. It is -1 without a round.
	Observed int
	// Open reports that another round may change Unknown to Free. The round should not
	// begin before Next, since the check began.
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
	// Unproved are the hosts that the round does not account for, by place in the
	// inventory.
	Unproved HostSet
}
