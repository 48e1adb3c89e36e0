package proof

// Policy says how many MDS must count in a round. The zero Policy is Quorum.
type Policy uint8

const (
	// Quorum requires a majority of the configured MDS, not of the reachable.
	Quorum Policy = iota
	// All requires every configured MDS. One that is down blocks every check.
	All
	// First believes the first list that any MDS answers, as ZStack's client does.
	// UNSAFE: the list is empty after a restart of the agent or a change of the leader,
	// and at a wrong address. First is for comparison, so its verdict is never Free.
	First
)

var policyNames = []string{Quorum: "quorum", All: "all", First: "first"}

// String returns "quorum", "all" or "first".
func (p Policy) String() string { return nameOf(policyNames, p) }

// Valid reports whether p is one of the three policies.
func (p Policy) Valid() bool { return int(p) < len(policyNames) }

// MarshalText returns String.
func (p Policy) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (p *Policy) UnmarshalText(text []byte) error { return readName(policyNames, p, text) }

// needs returns how many of n servers must count in a round.
func (p Policy) needs(n int) int {
	switch p {
	case All:
		return n
	default:
		return n/2 + 1
	}
}
