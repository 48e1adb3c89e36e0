package volume

import (
	"context"
	"time"

	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

// DefaultPoll is how often a volume is checked while it is waited for.
const DefaultPoll = 2 * time.Second

// Guard tells whether a volume is open anywhere. *guard.Guard is one. The error is
// nil only when no host but the allowed ones has the volume open; then the report
// says until when that holds. An error that matches guard.ErrInUse means that a
// host has it open, every other one that the Guard cannot tell. A Guard must be
// safe for concurrent use.
type Guard interface {
	Check(ctx context.Context, path zbs.Path, opts ...guard.CheckOption) (guard.Report, error)
}

// Release says how a change that harms a host with the volume open makes sure that
// there is none. The zero Release checks once, with the Guard of the Service, and
// refuses unless the volume is free.
//
// Each request is sent within the validity of a verdict. When that ends before an
// MDS has got the request, because the MDS before it hung, no connection was free
// or the connect took long, the volume is checked again. The check never covers the
// time between the request and its execution by the agent.
type Release struct {
	// Force skips the check and needs no Guard. What a host writes to the volume
	// is then lost or damaged.
	Force bool
	// Wait is how long to wait until the volume is released; 0 checks once. The
	// last check begins at the end of it and takes its own time: 13 s for a
	// free volume and a Guard with the default Timing. A check after an expired
	// verdict gets what is left of it.
	Wait time.Duration
	// Poll is how long to pause between checks, DefaultPoll unless positive.
	Poll time.Duration
	// Options are those of the checks, behind the ones given to WithGuard. No
	// host is allowed to have the volume open unless an option says so.
	Options []guard.CheckOption
}
