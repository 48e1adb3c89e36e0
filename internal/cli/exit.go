package cli

import (
	"errors"
	"fmt"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

// Exit codes, the same for every command and output format.
const (
	exitDone       = 0
	exitFailed     = 1
	exitUsage      = 2
	exitInUse      = 3
	exitCannotTell = 4
)

// usageError is a mistake in what the user typed or configured.
type usageError struct{ error }

func (e *usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...)}
}

// exitCode returns the code for an error, nil included.
func exitCode(err error) int {
	switch {
	case err == nil:
		return exitDone
	case as[*usageError](err), errors.Is(err, zbs.ErrInvalidPath), errors.Is(err, zbs.ErrInvalidName),
		errors.Is(err, zbs.ErrInvalidAddr), errors.Is(err, zbs.ErrInvalidCommand), errors.Is(err, mds.ErrInvalidOption),
		errors.Is(err, mds.ErrNoCandidates):
		return exitUsage
	case errors.Is(err, volume.ErrInUse):
		return exitInUse
	case errors.Is(err, mds.ErrAmbiguous), errors.Is(err, volume.ErrUndetermined):
		return exitCannotTell
	case errors.Is(err, volume.ErrNotReleased):
		return exitInUse
	case errors.Is(err, volume.ErrNotFound), errors.Is(err, volume.ErrExists):
		return exitFailed
	case as[*mds.CallError](err):
		return exitCannotTell
	default:
		return exitFailed
	}
}

// changeCode is exitCode for a change. When an agent refuses a change or cannot do
// it, the change has failed. When it refuses a query, the answer stays unknown.
func changeCode(err error) int {
	code := exitCode(err)
	if code == exitCannotTell && (as[*zbs.AgentError](err) || unfit(err)) && !errors.Is(err, mds.ErrAmbiguous) && !errors.Is(err, volume.ErrUndetermined) {
		return exitFailed
	}
	return code
}

// unfit reports whether a request was not sent because the agent cannot do it.
func unfit(err error) bool {
	return errors.Is(err, zbs.ErrUnsupported) || errors.Is(err, zbs.ErrHostAccess) || errors.Is(err, zbs.ErrAgentTooOld)
}

// as reports whether err is an E or wraps one.
func as[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// errAnotherQuestion matches a report that says free, but not to what its reader
// asks.
var errAnotherQuestion = fmt.Errorf("%w: the report answers another question", guard.ErrUndetermined)
