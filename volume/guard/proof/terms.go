package proof

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// HeartbeatVolume is the volume in each pool by which ZStack's hosts show each other that
// they run. A host opens it for an instant every few seconds. So it proves something only
// on a cluster that was seen to keep it open.
const HeartbeatVolume = "zbs_zstack_heartbeat"

// Terms are the conditions of a check: its options, applied. Terms and Evidence together
// decide the verdict.
type Terms struct {
	Policy Policy `json:"policy"`
	Timing Timing `json:"timing"`
	// Canary is a volume that the caller knows to be open; the zero Path is none.
	Canary zbs.Path `json:"canary,omitzero"`
	// Allowed are the hosts that may have the volume open, by the name in the
	// inventory, or by address where there is no inventory.
	Allowed []string      `json:"allowed,omitempty"`
	Fences  []Attestation `json:"fences,omitempty"`
	// MaxFenceAge is how old an attestation may be when the check begins.
	MaxFenceAge Seconds `json:"maxFenceAgeSeconds"`
	// SelfFencing is the time within which a host that cannot reach the MDS ends its
	// machines, as the operator promises; 0: without such a promise.
	SelfFencing   Seconds `json:"selfFencingSeconds,omitempty"`
	ExpectCluster string  `json:"expectCluster,omitempty"`
}

// DefaultTerms are those of a check without options.
func DefaultTerms() Terms {
	return Terms{Timing: Timing{}.WithDefaults(), MaxFenceAge: Seconds(DefaultMaxFenceAge)}
}

// Longest is how long a check with these terms takes at most, whatever the MDS do: to read
// the hosts (10 s), to find out the cluster and the pools, for rounds that do not count,
// and for the rounds that do, with their pauses. With SelfFencing it may also wait for that
// bound. Check takes longer when so many checks run at once that their rounds wait for the
// Load; use CheckAll for those.
func (t Terms) Longest() time.Duration {
	timing := t.Timing.WithDefaults()
	rounds := timing.Patience() + time.Duration(timing.Rounds-1)*timing.RoundInterval
	if t.SelfFencing > 0 {
		rounds += time.Duration(t.SelfFencing) + time.Duration(timing.Disturbances())*timing.RoundInterval
	}
	return 10*time.Second + 4*timing.Span + rounds + time.Duration(timing.Rounds+1)*timing.Span
}

// Attestation is a caller's statement that a host was powered off, or fenced from the
// storage, at some time, and has not come back.
type Attestation struct {
	Host string    `json:"host"` // its name in the inventory
	At   time.Time `json:"at"`   // when this was certain; a check that began before ignores it
	By   string    `json:"by"`   // the source, such as "ipmi bmc-17"; for the reader of the report
}

// Check returns an error that says what the attestation lacks.
func (a Attestation) Check() error {
	switch {
	case a.Host == "":
		return fmt.Errorf("attestation without a host")
	case a.At.IsZero():
		return fmt.Errorf("attestation of %s does not say when", a.Host)
	case a.By == "":
		return fmt.Errorf("attestation of %s does not say who attests", a.Host)
	}
	return nil
}

// HostAddr reads the address of a host as agents and callers write it.
func HostAddr(ip string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return netip.Addr{}, false
	}
	return byValue(addr), true
}
