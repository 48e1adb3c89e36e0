package guard

import (
	"fmt"
	"time"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// settings are what the options of a check come to.
type settings struct {
	proof.Terms
	load    Load
	witness Witness
}

// CheckOption sets how a check is made. Given to New it holds for every check of
// the Guard, given to a check it comes after those. A bad one makes the check
// Unknown with an error that wraps mds.ErrInvalidOption; nothing is sent.
type CheckOption func(*settings) error

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %w", mds.ErrInvalidOption, fmt.Errorf(format, args...))
}

// AllowHost allows a host of the inventory to have the volume open, such as the
// one where the machine runs already. The host is given by name or by any of its
// addresses. AllowHost may be given several times.
func AllowHost(host string) CheckOption {
	return func(s *settings) error {
		if host == "" {
			return invalid("the allowed host is empty")
		}
		s.Allowed = append(s.Allowed, host)
		return nil
	}
}

// FencedBy takes the host of the attestation for one that writes no more: it need
// not be visible, and its clients are no foreign ones. The host is one of the
// inventory, by name or address. The attestation holds for checks that begin
// after it and at most MaxFenceAge later, and until the host shows a sign of life.
// It is recorded in the report.
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

// MaxFenceAge bounds how old an attestation may be when a check begins,
// proof.DefaultMaxFenceAge unless set: a host that was off an hour ago may run
// again. It must be positive. The longer it is, the less an attestation proves.
func MaxFenceAge(age time.Duration) CheckOption {
	return func(s *settings) error {
		if age <= 0 {
			return invalid("fences up to %v old, want a positive time", age)
		}
		s.MaxFenceAge = proof.Seconds(age)
		return nil
	}
}

// SelfFencing declares that a host which cannot reach the MDS ends all its
// machines within bound. There is no default, because it is a promise of the
// deployment: ZStack's own self-fencer keeps 30 s when its commands fail at once,
// 150 s when its writes hang, and no bound at all when its reads hang; it never
// ends vhost machines, nor machines whose first disk is elsewhere. A host that no
// MDS has listed for so long is then accounted for, and a verdict that rests on it
// carries the note RestsOnSelfFencing. It must be positive.
func SelfFencing(bound time.Duration) CheckOption {
	return func(s *settings) error {
		if bound <= 0 {
			return invalid("self-fencing within %v, want a positive time", bound)
		}
		s.SelfFencing = proof.Seconds(bound)
		return nil
	}
}

// WithWitness asks w about hosts that no MDS shows. Unless set, such a host must
// be accounted for in another way.
func WithWitness(w Witness) CheckOption {
	return func(s *settings) error {
		if w == nil {
			return invalid("the witness is nil")
		}
		s.witness = w
		return nil
	}
}

// Canary names a volume that is known to be open on some host. An MDS that lists a
// client for it proves that it can list, and shows that host. The heartbeat volume
// of ZStack is none: its hosts open it for an instant at a time.
func Canary(path zbs.Path) CheckOption {
	return func(s *settings) error {
		if err := path.Validate(); err != nil || path.IsSnapshot() {
			return invalid("canary %s is no volume's path", path)
		}
		s.Canary = path
		return nil
	}
}

// WithPolicy sets how many MDS must agree, Quorum unless set.
func WithPolicy(p Policy) CheckOption {
	return func(s *settings) error {
		if !p.Valid() {
			return invalid("no such policy")
		}
		s.Policy = p
		return nil
	}
}

// WithTiming sets what is known of the storage's registry, in place of the
// defaults.
func WithTiming(timing Timing) CheckOption {
	return func(s *settings) error {
		s.Timing = timing.WithDefaults()
		if err := s.Timing.Check(); err != nil {
			return invalid("%w", err)
		}
		return nil
	}
}

// ExpectCluster sets the uuid of the cluster that the MDS must belong to, in
// place of the one that a majority of them names.
func ExpectCluster(uuid string) CheckOption {
	return func(s *settings) error {
		if uuid == "" {
			return invalid("the expected cluster is empty")
		}
		s.ExpectCluster = uuid
		return nil
	}
}

// ExpectedCluster returns the cluster that the options expect (ExpectCluster), ""
// if none of them names one.
func ExpectedCluster(opts ...CheckOption) string {
	var s settings
	for _, opt := range opts {
		opt(&s) // the check says what is wrong with it
	}
	return s.ExpectCluster
}
