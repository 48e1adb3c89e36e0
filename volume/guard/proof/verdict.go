package proof

import (
	"fmt"
	"strings"

	"github.com/zbsclient/zbsclient/zbs"
)

// Verdict is the Guard's answer. The zero Verdict is Unknown.
type Verdict uint8

const (
	Unknown Verdict = iota // not proved either way: treat it as in use
	InUse                  // a host that is not allowed has, or just had, the volume open
	Free                   // proved: see the rules in package guard
)

var verdictNames = []string{Unknown: "unknown", InUse: "in-use", Free: "free"}

// String returns "unknown", "in-use" or "free".
func (v Verdict) String() string { return nameOf(verdictNames, v) }

// MarshalText returns String.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (v *Verdict) UnmarshalText(text []byte) error { return readName(verdictNames, v, text) }

// InUseError says which hosts have the volume open that may not. It matches
// ErrInUse.
type InUseError struct {
	Path    zbs.Path
	Holders []Holder // the foreign ones, by host
}

// Error names the volume and the hosts.
func (e *InUseError) Error() string {
	hosts := make([]string, len(e.Holders))
	for i, h := range e.Holders {
		hosts[i] = h.Name()
	}
	return fmt.Sprintf("volume %s is open on %s", e.Path, strings.Join(hosts, ", "))
}

// Is matches ErrInUse.
func (e *InUseError) Is(target error) bool { return target == ErrInUse }

// UndeterminedError says why a check came to no answer. It matches
// ErrUndetermined, and beside it what its reasons come to: ErrNotFound for a
// volume or pool that does not exist, zbs.ErrWrongCluster, the context's error
// for a check that its caller ended, zbs.ErrInvalidPath, mds.ErrInvalidOption.
type UndeterminedError struct {
	Path    zbs.Path
	Reasons []Reason
	cause   error
}

// Error names the volume and the reasons.
func (e *UndeterminedError) Error() string {
	texts := make([]string, len(e.Reasons))
	for i, r := range e.Reasons {
		texts[i] = r.String()
	}
	return fmt.Sprintf("%v: %s: %s", ErrUndetermined, e.Path, strings.Join(texts, "; "))
}

// Unwrap returns ErrUndetermined and what the reasons come to.
func (e *UndeterminedError) Unwrap() []error {
	errs := []error{ErrUndetermined}
	if e.cause != nil {
		errs = append(errs, e.cause)
	}
	for _, r := range e.Reasons {
		switch r.Code {
		case VolumeMissing:
			errs = append(errs, ErrNotFound)
		case WrongCluster:
			errs = append(errs, zbs.ErrWrongCluster)
		}
	}
	return errs
}
