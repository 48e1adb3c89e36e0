package mds

import (
	"context"
	"slices"

	"github.com/zbsclient/zbsclient/zbs"
)

// Hook follows every call and every attempt, for example with spans. Its methods run in
// the goroutine of the call or attempt, and hold no lock. They must be safe for
// concurrent use, because attempts of one call overlap, and return at once: the
// attempt's time-out runs meanwhile, and the next MDS waits.
//
// Health checks are not attempts of a call. Stats counts them.
type Hook interface {
	// Call runs when a call begins. The call uses the context that it returns, and
	// calls end with the result; end may be nil.
	Call(ctx context.Context, endpoint zbs.Endpoint) (_ context.Context, end func(Trace, error))
	// Attempt runs when an attempt begins, and works like Call.
	Attempt(ctx context.Context, endpoint zbs.Endpoint, addr zbs.Addr) (_ context.Context, end func(Attempt))
}

// hooks run in the order in which they were given when a call or attempt begins, and in
// the opposite order when it ends.
type hooks []Hook

// call runs them for the beginning of a call, and returns a function for its end, nil
// without hooks.
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

// attempt runs them for the beginning of an attempt, and returns a function for its end.
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
