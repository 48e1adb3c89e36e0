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

// sendGuarded is send for a change that harms a host with the volume open: each
// request goes out within the validity of a verdict. When that has expired before
// an MDS got its request, the volume is checked again, and the MDS are asked that
// have not been. A command that must not run twice goes on only if none of its
// requests may have been executed. The trace, and the attempts of a
// *mds.WalkError, are those of all calls together.
func sendGuarded[R any](ctx context.Context, p *permission, command zbs.Command[R], timeout time.Duration, opts []mds.CallOption) (R, mds.Trace, error) {
	var none R
	so := &mds.WalkError{} // the calls so far, without the MDS that were passed over
	for {
		if err := p.renew(ctx); err != nil {
			return none, mds.Trace{Attempts: so.Attempts}, notRenewed(ctx, so, err)
		}
		var trace mds.Trace
		own := []mds.CallOption{mds.SendOnlyWhile(p.valid), mds.Except(addrsOf(so.Attempts)...), mds.Record(&trace)}
		answer, err := send(ctx, p.service.caller, p.path, command, timeout, slices.Concat(opts, own))
		callErr, failed := errors.AsType[*mds.WalkError](err)
		if !failed {
			trace.Attempts = slices.Concat(so.Attempts, trace.Attempts)
			return answer, trace, err
		}
		callErr = joined(so, callErr)
		if !errors.Is(callErr.Stop, errStale) || !p.mayGoOn(callErr, command.Endpoint()) {
			return none, mds.Trace{Attempts: callErr.Attempts}, toldStop(callErr)
		}
		callErr.Attempts = slices.DeleteFunc(callErr.Attempts, notSent)
		so = callErr
	}
}

// mayGoOn reports whether the change may go on with the other MDS after a call
// that stopped because the verdict had expired. The number of renewals is bounded:
// an MDS that is never reached in time would take them for ever.
func (p *permission) mayGoOn(callErr *mds.WalkError, endpoint zbs.Endpoint) bool {
	if endpoint.Repeat == zbs.Unsafe && callErr.MayHaveRun() {
		return false
	}
	return p.renewals <= len(p.service.caller.Addrs())
}

// joined returns the error with the attempts of earlier calls in front of its own.
func joined(earlier, callErr *mds.WalkError) *mds.WalkError {
	whole := *callErr // hooks may have kept the other
	whole.Attempts = slices.Concat(earlier.Attempts, callErr.Attempts)
	return &whole
}

// notSent reports an attempt at an MDS that was passed over, and may be asked.
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

// notRenewed is the end of a change whose volume is not free by now.
func notRenewed(ctx context.Context, so *mds.WalkError, check error) error {
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
	return toldStop(&stopped)
}

func isContextError(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// toldStop keeps of why a call stopped only the text if the change may have run:
// what the error of a check matches says that nothing was changed.
func toldStop(callErr *mds.WalkError) error {
	if !callErr.MayHaveRun() || callErr.Stop == nil || isContextError(callErr.Stop) {
		return callErr
	}
	told := *callErr
	told.Stop = errors.New(callErr.Stop.Error())
	return &told
}
