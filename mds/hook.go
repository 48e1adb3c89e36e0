package mds

import (
	"context"

	"github.com/zbsclient/zbsclient/zbs"
)

// Hook is told of every call and every attempt, for example to make spans of
// them. Its methods run in the goroutine of the call or attempt, with nothing
// locked, and must be safe for concurrent use: attempts of one call overlap.
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
