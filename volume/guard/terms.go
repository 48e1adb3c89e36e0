package guard

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// HeartbeatVolume is the volume that every hypervisor host keeps open in each of
// its pools to fence itself: the canary unless another is named.
const HeartbeatVolume = "zbs_zstack_heartbeat"

// Terms is what a check was asked to prove, and how. With the Evidence it
// decides the verdict.
type Terms struct {
	Policy         Policy        `json:"policy"`
	Timing         Timing        `json:"timing"`
	Canary         zbs.Path      `json:"canary,omitzero"`
	MinCanaryHosts int           `json:"minCanaryHosts,omitempty"`
	Allowed        []netip.Addr  `json:"allowed,omitempty"`
	Fences         []Attestation `json:"fences,omitempty"`
	ExpectCluster  string        `json:"expectCluster,omitempty"`

	load Load
}

// Attestation is a caller's word that a host was powered off, or fenced from
// the storage, at some time, and has not come back.
type Attestation struct {
	Host netip.Addr `json:"host"`
	At   time.Time  `json:"at"` // when it was certain; a check that began before it does not use it
	By   string     `json:"by"` // who says so, such as "ipmi bmc-17"; for the reader of the report
}

// CheckOption sets how a check is made. Given to New it holds for every
// check of the Guard, given to a check it comes after those. A bad one makes the
// check Unknown with an error that wraps mds.ErrInvalidOption; nothing is sent.
type CheckOption func(*Terms) error

// AllowHost allows the host with this IP address to have the volume open, such
// as the one where the machine runs already. It may be given several times. An
// IPv4 address in IPv6 form is the IPv4 address; a zone is refused.
func AllowHost(ip string) CheckOption {
	return func(t *Terms) error {
		addr, ok := hostAddr(ip)
		if !ok {
			return fmt.Errorf("%w: allowed host %q is no IP address", mds.ErrInvalidOption, ip)
		}
		t.Allowed = append(t.Allowed, addr)
		return nil
	}
}

// FencedBy takes the host of the attestation for one that writes no more. It
// removes that host's clients and no other's, from rounds that began after At,
// and it accounts for the host in MinCanaryHosts. It is recorded in the report.
func FencedBy(a Attestation) CheckOption {
	a.Host, a.At = a.Host.Unmap(), a.At.UTC()
	return func(t *Terms) error {
		switch {
		case !a.Host.IsValid() || a.Host.Zone() != "":
			return fmt.Errorf("%w: attestation without the host's IP address", mds.ErrInvalidOption)
		case a.At.IsZero():
			return fmt.Errorf("%w: attestation of %s does not say when", mds.ErrInvalidOption, a.Host)
		case a.By == "":
			return fmt.Errorf("%w: attestation of %s does not say who attests", mds.ErrInvalidOption, a.Host)
		}
		t.Fences = append(t.Fences, a)
		return nil
	}
}

// Canary names a volume that is certainly open on some host, in place of the
// pool's HeartbeatVolume. Only a list that is known not to be empty proves that
// an agent can list.
func Canary(path zbs.Path) CheckOption {
	return func(t *Terms) error {
		if err := path.Validate(); err != nil || path.IsSnapshot() {
			return fmt.Errorf("%w: canary %s is no volume's path", mds.ErrInvalidOption, path)
		}
		t.Canary = path
		return nil
	}
}

// MinCanaryHosts demands that the canary shows at least n hosts, 1 unless set.
// Set it to the number of hosts that have the pool attached: a host that is cut
// off from the MDS, and not from the data, goes on writing while its clients
// vanish from the registry. That its heartbeat is missing is the only sign of it,
// and one that somebody has to miss. Hosts are counted by address: one that shows
// two of them counts twice.
func MinCanaryHosts(n int) CheckOption {
	return func(t *Terms) error {
		if n < 1 {
			return fmt.Errorf("%w: %d canary hosts, want at least 1", mds.ErrInvalidOption, n)
		}
		t.MinCanaryHosts = n
		return nil
	}
}

// WithPolicy sets how many MDS must agree, Quorum unless set.
func WithPolicy(p Policy) CheckOption {
	return func(t *Terms) error {
		if int(p) >= len(policyNames) {
			return fmt.Errorf("%w: no such policy", mds.ErrInvalidOption)
		}
		t.Policy = p
		return nil
	}
}

// WithTiming sets what is known of the storage's registry, in place of the
// defaults.
func WithTiming(timing Timing) CheckOption {
	return func(t *Terms) error {
		t.Timing = timing.withDefaults()
		return t.Timing.check()
	}
}

// ExpectCluster sets the uuid of the cluster that the MDS must belong to, in
// place of the one that a majority of them names.
func ExpectCluster(uuid string) CheckOption {
	return func(t *Terms) error {
		if uuid == "" {
			return fmt.Errorf("%w: the expected cluster is empty", mds.ErrInvalidOption)
		}
		t.ExpectCluster = uuid
		return nil
	}
}

// hostAddr reads the address of a host as agents and callers write it.
func hostAddr(ip string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(ip)
	if err != nil || addr.Zone() != "" {
		return netip.Addr{}, false
	}
	return addr.Unmap(), true
}
