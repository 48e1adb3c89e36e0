package proof

// Means is the proof that a host does not write unseen (rule 3). The zero
// Means is MeansNone.
type Means uint8

// Means of proof.
const (
	MeansNone     Means = iota // nothing shows it
	Visible                    // a quorum of the MDS lists the host for some volume, so its clients are listed, too
	AllowedHost                // the caller allows the host to have the volume open
	Vouched                    // a Witness says that the host does not have it open
	FencedHost                 // a valid attestation says that the host is off
	SelfFenced                 // the host was absent for longer than it takes to fence itself
	InMaintenance              // the inventory says that nothing runs there, and no MDS lists it
	OutOfPool                  // the inventory says that the host does not have the pool
)

var meansNames = []string{MeansNone: "unproved", Visible: "visible", AllowedHost: "allowed", Vouched: "vouched",
	FencedHost: "fenced", SelfFenced: "self-fenced", InMaintenance: "maintenance", OutOfPool: "not-attached"}

// String returns the name in JSON, such as "self-fenced".
func (m Means) String() string { return nameOf(meansNames, m) }

// MarshalText returns String.
func (m Means) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (m *Means) UnmarshalText(text []byte) error { return readName(meansNames, m, text) }

// HostProof says how one host of the inventory was accounted for.
type HostProof struct {
	Host  string `json:"host"`
	Means Means  `json:"means"`
}
