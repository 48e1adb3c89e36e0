package proof

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// HeartbeatVolume is the volume in each pool by which ZStack's hosts show each
// other that they live. A host opens it for an instant every few seconds, so it
// proves something only on a cluster that is seen to keep it open.
const HeartbeatVolume = "zbs_zstack_heartbeat"

// Terms is what a check was asked to prove, and on whose word. With the Evidence
// it decides the verdict.
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
	// SelfFencing is within which time a host that cannot reach the MDS ends its
	// machines, on the word of the operator; 0: no such promise was made.
	SelfFencing   Seconds `json:"selfFencingSeconds,omitempty"`
	ExpectCluster string  `json:"expectCluster,omitempty"`
}

// DefaultTerms are those of a check without options.
func DefaultTerms() Terms {
	return Terms{Timing: Timing{}.WithDefaults(), MaxFenceAge: Seconds(DefaultMaxFenceAge)}
}

// Longest is the most a check with these terms takes, whatever the MDS do: to read
// the hosts (10 s), to learn what cluster and pools there are, for rounds that did
// not count, and for its own rounds with what lies between. With SelfFencing it may wait for the
// bound. Checks of so many volumes at once that their rounds wait for the Load
// take longer; CheckAll is made for these.
func (t Terms) Longest() time.Duration {
	timing := t.Timing.WithDefaults()
	rounds := timing.Patience() + time.Duration(timing.Rounds-1)*timing.RoundInterval
	if t.SelfFencing > 0 {
		rounds += time.Duration(t.SelfFencing) + time.Duration(timing.Disturbances())*timing.RoundInterval
	}
	return 10*time.Second + 4*timing.Span + rounds + time.Duration(timing.Rounds+1)*timing.Span
}

// Attestation is a caller's word that a host was powered off, or fenced from the
// storage, at some time, and has not come back.
type Attestation struct {
	Host string    `json:"host"` // its name in the inventory
	At   time.Time `json:"at"`   // when it was certain; a check that began before it does not use it
	By   string    `json:"by"`   // the source of the word, such as "ipmi bmc-17"; for the reader of the report
}

// Check reports what the attestation lacks.
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
