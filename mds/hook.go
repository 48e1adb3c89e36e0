package mds

import (
	"context"
	"slices"

	"github.com/zbsclient/zbsclient/zbs"
)

// Hook is told of every call and every attempt, for example to make spans of
// them. Its methods run in the goroutine of the call or attempt, with nothing
// locked, and must be safe for concurrent use: attempts of one call overlap. They
// must return at once: the attempt's time-out runs while one is told that it
// begins, and the next MDS waits while one is told that it has ended.
//
// The probes that find out whether an MDS is back are no attempts of a call;
// Stats counts them.
type Hook interface {
	// Call is told that a call begins. The call goes on with the context it
	// returns, and end is called with what came of it; end may be nil.
	Call(ctx context.Context, endpoint zbs.Endpoint) (_ context.Context, end func(Trace, error))
	// Attempt is told that one MDS is asked, as Call is of the call.
	Attempt(ctx context.Context, endpoint zbs.Endpoint, addr zbs.Addr) (_ context.Context, end func(Attempt))
}

// hooks are told of each call and attempt: of its beginning in the order in which
// they were given, of its end in the opposite order.
type hooks []Hook

// call tells of a call; the function it returns, of its end. Without hooks it is nil.
func (all hooks) call(ctx context.Context, e zbs.Endpoint) (context.Context, func(Trace, error)) {
	if len(all) == 0 {
		return ctx, nil
	}
	var ends []func(Trace, error)
	for _, h := range all {
		var end func(Trace, error)
		if ctx, end = h.Call(ctx, e); end != nil {
			ends = append(ends, end)
		}
	}
	return ctx, func(t Trace, err error) {
		for _, end := range slices.Backward(ends) {
			end(t, err)
		}
	}
}

func ignoreAttempt(Attempt) {}

// attempt tells of an attempt; the function it returns, of its end.
func (all hooks) attempt(ctx context.Context, e zbs.Endpoint, addr zbs.Addr) (context.Context, func(Attempt)) {
	if len(all) == 0 {
		return ctx, ignoreAttempt
	}
	var ends []func(Attempt)
	for _, h := range all {
		var end func(Attempt)
		if ctx, end = h.Attempt(ctx, e, addr); end != nil {
			ends = append(ends, end)
		}
	}
	return ctx, func(a Attempt) {
		for _, end := range slices.Backward(ends) {
			end(a)
		}
	}
}
