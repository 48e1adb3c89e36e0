package volume

import (
	"context"
	"time"

	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

// DefaultPoll is the pause between two checks while Release.Wait lasts.
const DefaultPoll = 2 * time.Second

// Guard tells whether a volume is open anywhere. *guard.Guard is one. The error is nil
// only if no host has the volume open except the allowed ones; the report says how long
// that holds. An error that matches guard.ErrInUse means that another host has it open.
// Any other error means that the Guard cannot tell. A Guard must be safe for concurrent
// use.
type Guard interface {
	Check(ctx context.Context, path zbs.Path, opts ...guard.CheckOption) (guard.Report, error)
}

// Release says how to prove that no host has a volume open, before a change that would
// harm such a host. The zero Release checks once, with the Guard of the Service, and
// refuses the change unless the volume is free.
//
// The Service sends each request within the validity of a verdict. The verdict may expire
// before an MDS gets the request: the MDS before it hung, no connection was idle, or the
// connect took long. Then the Service checks the volume again. No check covers the time
// between the request and its execution by the agent.
type Release struct {
	// Force skips the check and needs no Guard. A host that writes to the volume loses
	// or damages its data then.
	Force bool
	// Wait is how long to wait until the volume is released; 0 checks once. The last
	// check begins when Wait is over, and takes its own time: 13 s for a free volume
	// and a Guard with the default Timing. Checks after an expired verdict share the
	// same Wait.
	Wait time.Duration
	// Poll is how long to pause between checks, DefaultPoll unless positive.
	Poll time.Duration
	// Options are those of the checks, after the ones given to WithGuard. No host may
	// have the volume open unless an option allows it.
	Options []guard.CheckOption
}
