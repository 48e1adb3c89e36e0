package volume

import (
	"errors"
	"fmt"
	"strings"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// Errors to match with errors.Is on what Service returns. mds.ErrAmbiguous is
// one of them: the change may have happened, or may happen yet.
var (
	// ErrNotFound: the pool or volume does not exist.
	ErrNotFound = errors.New("not found")
	// ErrExists: what was to be made is there already; nothing was changed.
	ErrExists = errors.New("exists already")
	// ErrSizeDiffers: the volume exists with another size than the wanted one;
	// nothing was changed.
	ErrSizeDiffers = errors.New("has another size")
	// ErrInUse: somebody has the volume open; nothing was changed.
	ErrInUse = errors.New("in use")
	// ErrUndetermined: nobody can tell whether somebody has the volume open.
	// It is no reason to go on; nothing was changed.
	ErrUndetermined = errors.New("cannot tell whether it is in use")
	// ErrNotReleased: the volume was not released in time; nothing was changed.
	ErrNotReleased = errors.New("not released in time")
	// ErrNotDone: the change has not happened and will not happen any more: it
	// is safe to repeat it.
	ErrNotDone = errors.New("not done")
)

// InUseError says who has a volume open. It matches ErrInUse.
type InUseError struct {
	Path    zbs.Path
	Holders []zbs.Client // in the order they were seen, each once
}

// Error names the volume and the clients.
func (e *InUseError) Error() string {
	names := make([]string, len(e.Holders))
	for i, c := range e.Holders {
		names[i] = c.String()
	}
	return fmt.Sprintf("%s is in use by %s", e.Path, strings.Join(names, ", "))
}

// Unwrap returns ErrInUse.
func (e *InUseError) Unwrap() error { return ErrInUse }

// NotDoneError is a change that failed, was looked for and is not there, while
// no MDS is at work on it any more. It matches ErrNotDone and the errors of the
// attempts, and unlike its Cause not mds.ErrAmbiguous.
type NotDoneError struct {
	Cause *mds.WalkError
}

// Error returns one line that names the attempts.
func (e *NotDoneError) Error() string {
	attempts := make([]string, len(e.Cause.Attempts))
	for i, a := range e.Cause.Attempts {
		attempts[i] = a.String()
	}
	return fmt.Sprintf("%v, it can be repeated: %s: %s", ErrNotDone, e.Cause.Op, strings.Join(attempts, "; "))
}

// Unwrap returns ErrNotDone and the errors of the attempts.
func (e *NotDoneError) Unwrap() []error {
	errs := []error{ErrNotDone}
	for _, a := range e.Cause.Attempts {
		if a.Err != nil {
			errs = append(errs, a.Err)
		}
	}
	return errs
}
