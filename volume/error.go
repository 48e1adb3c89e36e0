package volume

import (
	"errors"
	"fmt"
	"strings"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

// Errors to match with errors.Is on what a Service returns.
// mds.ErrAmbiguous is one of them: the change may have happened, or may happen
// yet.
var (
	// ErrNotFound: the pool or volume does not exist.
	ErrNotFound = guard.ErrNotFound
	// ErrExists: what was to be made is there already; nothing was changed.
	ErrExists = errors.New("exists already")
	// ErrSizeDiffers: the volume exists with another size than the wanted one;
	// nothing was changed.
	ErrSizeDiffers = errors.New("has another size")
	// ErrInUse: a host that is not allowed has the volume open; nothing was
	// changed. The error is a *guard.InUseError.
	ErrInUse = guard.ErrInUse
	// ErrUndetermined: nobody knows whether the volume is in use; treat it as
	// if it were. Nothing was changed. The error is a *guard.UndeterminedError.
	ErrUndetermined = guard.ErrUndetermined
	// ErrNotReleased: the volume was not released in time; nothing was changed.
	ErrNotReleased = errors.New("not released in time")
	// ErrSnapshotName: the snapshot's name may be part of another one's, which
	// AnySnapshotName allows; nothing was sent. It matches zbs.ErrInvalidName.
	ErrSnapshotName = fmt.Errorf("%w of a snapshot", zbs.ErrInvalidName)
	// ErrNotDone: the change has not happened and will not happen any more: it
	// is safe to repeat it.
	ErrNotDone = errors.New("not done")
)

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
