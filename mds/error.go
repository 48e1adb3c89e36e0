package mds

import (
	"errors"
	"fmt"
	"time"

	"github.com/zbsclient/zbsclient/mds/internal/callback"
	"github.com/zbsclient/zbsclient/zbs"
)

// Errors to match with errors.Is on what Call and New return.
var (
	// ErrAllFailed: no candidate was left to ask.
	ErrAllFailed = errors.New("no MDS answered")
	// ErrAmbiguous: the call changes the storage, and it may have run although
	// it failed. Look before repeating it.
	ErrAmbiguous = errors.New("may have run")
	// ErrNoCandidates: there was no MDS to ask; nothing was sent.
	ErrNoCandidates = errors.New("no MDS to ask")
	// ErrBreakerOpen: an MDS that failed lately was not asked. It comes with
	// ErrRetryBudget: with a retry token that MDS would have been asked.
	ErrBreakerOpen = errors.New("circuit breaker open")
	// ErrRetryBudget: an MDS that failed lately was not asked, because the request may
	// have reached another one and the Caller has no retry token left.
	ErrRetryBudget = errors.New("retry budget spent")
	// ErrDiscarded: another MDS answered first, and the attempt was discarded.
	ErrDiscarded = errors.New("overtaken")
	// ErrBusy: every connection to the MDS was busy until the attempt timed out.
	ErrBusy = errors.New("all connections busy")
	// ErrAgentTooOld: the agent of an MDS is of ZStack 5.4.0 or older, or of ZSV
	// 4.10, and would misread the command; nothing was sent to it.
	ErrAgentTooOld = zbs.ErrAgentTooOld
	// ErrUnsupported: the agent of an MDS does not have what the command asks for.
	ErrUnsupported = zbs.ErrUnsupported
	// ErrWrongCluster: the list has MDS of different clusters.
	ErrWrongCluster = zbs.ErrWrongCluster
	// ErrInvalidOption: a bad option or address was given to New.
	ErrInvalidOption = errors.New("invalid option")
	// ErrClosed: the Caller is closed.
	ErrClosed = callback.ErrClosed
)

// StatusError is a response whose HTTP status is not 200.
type StatusError struct {
	Status int
	Text   string // the reason the page gives, may be empty
}

// Error returns the status and the page's reason.
func (e *StatusError) Error() string {
	if e.Text == "" {
		return fmt.Sprintf("HTTP status %d", e.Status)
	}
	return fmt.Sprintf("HTTP status %d: %s", e.Status, e.Text)
}

// failure is the last attempt at an MDS that failed.
type failure struct {
	err error
	at  time.Time
}

// notAsked is the error of an MDS that failed lately and was not asked.
type notAsked struct{ last *failure }

func (e *notAsked) Error() string {
	if e.last == nil {
		return "not asked, " + ErrRetryBudget.Error()
	}
	return fmt.Sprintf("not asked, %v; %v ago: %v", ErrRetryBudget, time.Since(e.last.at).Round(time.Millisecond), e.last.err)
}

func (e *notAsked) Is(target error) bool { return target == ErrRetryBudget || target == ErrBreakerOpen }

// lateError is the error of an attempt that was discarded because another MDS had
// answered.
type lateError struct{ after time.Duration }

func (e *lateError) Error() string {
	return fmt.Sprintf("no answer after %v, when another MDS had answered", e.after.Round(10*time.Microsecond))
}

func (e *lateError) Is(target error) bool { return target == ErrDiscarded }
