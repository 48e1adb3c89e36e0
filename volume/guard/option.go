package guard

import (
	"fmt"
	"time"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// settings are the options of a check, applied.
type settings struct {
	proof.Terms
	load    Load
	witness Witness
}

// CheckOption changes a check. An option of New holds for every check of the Guard; the
// options of a check come after those. With a bad option nothing is sent, and the check is
// Unknown with an error that wraps mds.ErrInvalidOption.
type CheckOption func(*settings) error

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %w", mds.ErrInvalidOption, fmt.Errorf(format, args...))
}

// AllowHost allows a host of the inventory to have the volume open, such as the host
// where the machine runs already. It takes the name or any address of the host, and may
// be given several times.
func AllowHost(host string) CheckOption {
	return func(s *settings) error {
		if host == "" {
			return invalid("the allowed host is empty")
		}
		s.Allowed = append(s.Allowed, host)
		return nil
	}
}

// FencedBy attests that a host no longer writes. The host need not be visible, and its
// clients are not foreign. It is a host of the inventory, by name or address. The
// attestation holds for checks that begin after it and at most MaxFenceAge later, until
// the host shows a sign of life. The report has it.
func FencedBy(a Attestation) CheckOption {
	a.At = a.At.UTC()
	return func(s *settings) error {
		if err := a.Check(); err != nil {
			return invalid("%w", err)
		}
		s.Fences = append(s.Fences, a)
		return nil
	}
}

// MaxFenceAge bounds the age of an attestation when a check begins. It must be positive.
// The default is proof.DefaultMaxFenceAge. The longer it is, the less an attestation
// proves: a host that was off an hour ago may run again.
func MaxFenceAge(age time.Duration) CheckOption {
	return func(s *settings) error {
		if age <= 0 {
			return invalid("fences up to %v old, want a positive time", age)
		}
		s.MaxFenceAge = proof.Seconds(age)
		return nil
	}
}

// SelfFencing declares that a host which cannot reach the MDS ends all its machines
// within bound, which must be positive. A host that no MDS has listed for so long is then
// accounted for. A verdict that rests on it has the note RestsOnSelfFencing.
//
// There is no default, because only the deployment can promise this. ZStack's own
// self-fencer takes 30 s if its commands fail at once, 150 s if its writes hang, and for
// ever if its reads hang. It never ends vhost machines, nor machines whose first disk is
// elsewhere.
func SelfFencing(bound time.Duration) CheckOption {
	return func(s *settings) error {
		if bound <= 0 {
			return invalid("self-fencing within %v, want a positive time", bound)
		}
		s.SelfFencing = proof.Seconds(bound)
		return nil
	}
}

// WithWitness asks w about hosts that no MDS shows. Without it such a host must be
// accounted for in another way.
func WithWitness(w Witness) CheckOption {
	return func(s *settings) error {
		if w == nil {
			return invalid("the witness is nil")
		}
		s.witness = w
		return nil
	}
}

// Canary names a volume that is known to be open on some host. An MDS that lists a client
// for it proves that it can list, and shows that host. ZStack's heartbeat volume is no
// canary: its hosts open it for an instant at a time.
func Canary(path zbs.Path) CheckOption {
	return func(s *settings) error {
		if err := path.Validate(); err != nil || path.IsSnapshot() {
			return invalid("canary %s is no volume's path", path)
		}
		s.Canary = path
		return nil
	}
}

// WithPolicy sets how many MDS must agree. The default is Quorum.
func WithPolicy(p Policy) CheckOption {
	return func(s *settings) error {
		if !p.Valid() {
			return invalid("no such policy")
		}
		s.Policy = p
		return nil
	}
}

// WithTiming sets the times of the storage's registry. The default is the zero Timing,
// in which every field has its default.
func WithTiming(timing Timing) CheckOption {
	return func(s *settings) error {
		s.Timing = timing.WithDefaults()
		if err := s.Timing.Check(); err != nil {
			return invalid("%w", err)
		}
		return nil
	}
}

// ExpectCluster sets the uuid of the cluster that the MDS must belong to. By default it
// is the one that a majority of them names.
func ExpectCluster(uuid string) CheckOption {
	return func(s *settings) error {
		if uuid == "" {
			return invalid("the expected cluster is empty")
		}
		s.ExpectCluster = uuid
		return nil
	}
}

// ExpectedCluster returns the cluster that the options expect (ExpectCluster), or "" if
// none of them names one.
func ExpectedCluster(opts ...CheckOption) string {
	var s settings
	for _, opt := range opts {
		opt(&s) // the check says what is wrong with it
	}
	return s.ExpectCluster
}
