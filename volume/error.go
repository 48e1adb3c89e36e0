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
	// nothing was changed, unless the error matches ErrNotAsAsked as well.
	ErrSizeDiffers = errors.New("has another size")
	// ErrInUse: a host that is not allowed has the volume open; nothing was
	// changed. The error is a *guard.InUseError.
	ErrInUse = guard.ErrInUse
	// ErrUndetermined: it is not known whether the volume is in use, or whether it
	// exists at all; treat it as in use. Nothing was changed. The error of a check
	// is a *guard.UndeterminedError; one that was overtaken by time before an MDS
	// got its request matches guard.ErrReportExpired.
	ErrUndetermined = guard.ErrUndetermined
	// ErrNoGuard: the Service has no Guard, and the change would harm a host with
	// the volume open; nothing was sent. WithGuard gives it one.
	ErrNoGuard = errors.New("the service has no guard")
	// ErrNotReleased: the volume was not released in time; nothing was changed.
	ErrNotReleased = errors.New("not released in time")
	// ErrNotAsAsked: the storage was changed, and not as asked; the error says what
	// there is now. It matches mds.ErrAmbiguous: look before repeating the change.
	ErrNotAsAsked error = notAsAsked{}
	// ErrSnapshotName: the snapshot's name may be part of another one's, which
	// AnySnapshotName allows; nothing was sent. It matches zbs.ErrInvalidName.
	ErrSnapshotName = fmt.Errorf("%w of a snapshot", zbs.ErrInvalidName)
	// ErrSnapshotNumber: it is not known whether the snapshot exists, because agents
	// find a snapshot by its number as well as by its name, and the name is the
	// number of one.
	ErrSnapshotNumber = errors.New("the name is the number of a snapshot, perhaps of another one")
	// ErrSnapshotKept: an agent said that the snapshot is deleted, and the storage
	// has it. It matches ErrNotDone.
	ErrSnapshotKept = fmt.Errorf("%w: the agent says that it is deleted, and the storage keeps it, as it does while it has a clone", ErrNotDone)
	// ErrNotDone: the change has not happened and will not happen any more: it
	// is safe to repeat it.
	ErrNotDone = errors.New("not done")
)

type notAsAsked struct{}

func (notAsAsked) Error() string { return "done, but not as asked" }

// Is matches mds.ErrAmbiguous.
func (notAsAsked) Is(target error) bool { return target == mds.ErrAmbiguous }

// NotDoneError is a change that failed, was looked for and is not there, while
// no MDS is at work on it any more. It matches ErrNotDone and the errors of the
// attempts, and unlike its Cause not mds.ErrAmbiguous.
type NotDoneError struct {
	Cause *mds.WalkError
}

// Error returns one line that names the attempts, and why there were no more.
func (e *NotDoneError) Error() string {
	attempts := make([]string, len(e.Cause.Attempts))
	for i, a := range e.Cause.Attempts {
		attempts[i] = a.String()
	}
	text := fmt.Sprintf("%v, it can be repeated: %s: %s", ErrNotDone, e.Cause.Op, strings.Join(attempts, "; "))
	if e.Cause.Stop != nil {
		text += "; " + e.Cause.Stop.Error()
	}
	return text
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

// asNotFound adds ErrNotFound to a walk in which no MDS said anything but that
// the volume does not exist. The storage behind them is one: those that gave no
// answer do not change that.
func asNotFound(err error) error {
	callErr, ok := errors.AsType[*mds.WalkError](err)
	if !ok {
		return err
	}
	said := false
	for _, a := range callErr.Attempts {
		if no, ok := errors.AsType[*zbs.AgentError](a.Err); ok {
			if !no.NotFound() {
				return err
			}
			said = true
		}
	}
	if !said {
		return err
	}
	return fmt.Errorf("%w: %w", ErrNotFound, err)
}

// asExists adds ErrExists to an agent's refusal that says so.
func asExists(err error) error {
	callErr, ok := errors.AsType[*mds.WalkError](err)
	if !ok || callErr.MayHaveRun() {
		return err
	}
	if no, ok := errors.AsType[*zbs.AgentError](err); ok && no.Exists() {
		return fmt.Errorf("%w: %w", ErrExists, err)
	}
	return err
}
