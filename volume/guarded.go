package volume

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// sendGuarded is send for a change that harms a host with the volume open. It sends
// each request within the validity of a verdict. When the verdict expires before an MDS
// got its request, it checks the volume again, and asks the MDS that were not asked yet.
// A command that must not run twice goes on only if no request may have been executed.
// The trace, and the attempts of a *mds.CallError, are those of all calls together.
func sendGuarded[R any](ctx context.Context, p *permission, command zbs.Command[R], timeout time.Duration, opts []mds.CallOption) (R, mds.Trace, error) {
	var none R
	so := &mds.CallError{} // the calls so far, without the MDS that were skipped
	for {
		if err := p.renew(ctx); err != nil {
			return none, mds.Trace{Attempts: so.Attempts}, notRenewed(ctx, so, err)
		}
		var trace mds.Trace
		own := []mds.CallOption{mds.SendOnlyWhile(p.valid), mds.Except(addrsOf(so.Attempts)...), mds.Record(&trace)}
		answer, err := send(ctx, p.service.caller, p.path, command, timeout, slices.Concat(opts, own))
		callErr, failed := errors.AsType[*mds.CallError](err)
		if !failed {
			trace.Attempts = slices.Concat(so.Attempts, trace.Attempts)
			return answer, trace, err
		}
		callErr = joined(so, callErr)
		if !errors.Is(callErr.Stop, errStale) || !p.mayGoOn(callErr, command.Endpoint()) {
			return none, mds.Trace{Attempts: callErr.Attempts}, textOfStop(callErr)
		}
		callErr.Attempts = slices.DeleteFunc(callErr.Attempts, notSent)
		so = callErr
	}
}

// mayGoOn reports whether the change may go on with the other MDS after the verdict
// expired. The number of renewals is bounded: an MDS that is never reached in time would
// need more and more.
func (p *permission) mayGoOn(callErr *mds.CallError, endpoint zbs.Endpoint) bool {
	if endpoint.Repeat == zbs.Unsafe && callErr.MayHaveRun() {
		return false
	}
	return p.renewals <= len(p.service.caller.Addrs())
}

// joined returns the error with the attempts of the earlier error before its own.
func joined(earlier, callErr *mds.CallError) *mds.CallError {
	whole := *callErr // a hook may have kept the original
	whole.Attempts = slices.Concat(earlier.Attempts, callErr.Attempts)
	return &whole
}

// notSent reports whether an attempt skipped its MDS, which may be asked again.
func notSent(a mds.Attempt) bool {
	return !a.Sent && (a.Phase == mds.PhaseBreaker || a.Phase == mds.PhaseWithheld)
}

func addrsOf(attempts []mds.Attempt) []zbs.Addr {
	addrs := make([]zbs.Addr, len(attempts))
	for i, a := range attempts {
		addrs[i] = a.Addr
	}
	return addrs
}

// notRenewed is the error of a change that stops because a renewed check failed.
func notRenewed(ctx context.Context, so *mds.CallError, check error) error {
	switch {
	case len(so.Attempts) == 0:
		return check
	case !so.MayHaveRun():
		return fmt.Errorf("%w; before that %v", check, so)
	}
	stopped := *so
	stopped.Stop = fmt.Errorf("not sent to another MDS: %w", check)
	if ctx.Err() != nil {
		stopped.Stop = ctx.Err()
		return &stopped
	}
	return textOfStop(&stopped)
}

func isContextError(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// textOfStop reduces the reason why a call stopped to its text if the change may have
// run: the error of a check matches errors that say that nothing was changed.
func textOfStop(callErr *mds.CallError) error {
	if !callErr.MayHaveRun() || callErr.Stop == nil || isContextError(callErr.Stop) {
		return callErr
	}
	told := *callErr
	told.Stop = errors.New(callErr.Stop.Error())
	return &told
}
