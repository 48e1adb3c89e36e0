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
// later.
var (
	// ErrNotFound: the pool or volume does not exist.
	ErrNotFound = guard.ErrNotFound
	// ErrExists: the new volume or snapshot exists already; nothing was changed.
	ErrExists = errors.New("exists already")
	// ErrSizeDiffers: the volume exists with another size than the wanted one;
	// nothing was changed, unless the error matches ErrNotAsAsked, too.
	ErrSizeDiffers = errors.New("has another size")
	// ErrInUse: a host that is not allowed has the volume open; nothing was
	// changed. The error is a *guard.InUseError.
	ErrInUse = guard.ErrInUse
	// ErrUndetermined: it is not known whether the volume is in use, or whether it
	// exists; treat it as in use. Nothing was changed. The error of a check is a
	// *guard.UndeterminedError. If the report expired before an MDS got the request, the
	// error matches guard.ErrReportExpired.
	ErrUndetermined = guard.ErrUndetermined
	// ErrNoGuard: the Service has no Guard, and the change would harm a host with
	// the volume open; nothing was sent. WithGuard gives it one.
	ErrNoGuard = errors.New("the service has no guard")
	// ErrNotReleased: the volume was not released in time; nothing was changed.
	ErrNotReleased = errors.New("not released in time")
	// ErrNotAsAsked: the storage was changed, but not as requested; the error says what
	// it has now. It matches mds.ErrAmbiguous: query before you repeat the change.
	ErrNotAsAsked error = notAsAsked{}
	// ErrSnapshotName: the snapshot's name may be a part of another one's; nothing was
	// sent. AnySnapshotName allows such names. It matches zbs.ErrInvalidName.
	ErrSnapshotName = fmt.Errorf("%w of a snapshot", zbs.ErrInvalidName)
	// ErrSnapshotNumber: it is not known whether the snapshot exists. Agents find a
	// snapshot by its name or its number, and the name is the number of one.
	ErrSnapshotNumber = errors.New("the name is the number of a snapshot, perhaps of another one")
	// ErrSnapshotKept: an agent answered that the snapshot is deleted, but the storage
	// still has it. It matches ErrNotDone.
	ErrSnapshotKept = fmt.Errorf("%w: the agent says that it is deleted, and the storage keeps it, as it does while it has a clone", ErrNotDone)
	// ErrNotDone: the change has not happened and will not happen. It is safe to repeat
	// it.
	ErrNotDone = errors.New("not done")
)

type notAsAsked struct{}

func (notAsAsked) Error() string { return "done, but not as asked" }

// Is matches mds.ErrAmbiguous.
func (notAsAsked) Is(target error) bool { return target == mds.ErrAmbiguous }

// NotDoneError is a change that failed and that a query did not find, while no MDS
// still works on it. It matches ErrNotDone and the errors of the attempts. Unlike its
// Cause it does not match mds.ErrAmbiguous.
type NotDoneError struct {
	Cause *mds.CallError
}

// Error returns one line that names the attempts, and why the call stopped.
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

// asNotFound adds ErrNotFound to the error of a call in which every answer was that the
// volume does not exist. MDS without an answer do not matter: all share one storage.
func asNotFound(err error) error {
	callErr, ok := errors.AsType[*mds.CallError](err)
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
	callErr, ok := errors.AsType[*mds.CallError](err)
	if !ok || callErr.MayHaveRun() {
		return err
	}
	if no, ok := errors.AsType[*zbs.AgentError](err); ok && no.Exists() {
		return fmt.Errorf("%w: %w", ErrExists, err)
	}
	return err
}
