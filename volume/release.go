package volume

import (
	"context"
	"fmt"
	"time"

	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

// DefaultPoll is how often a volume is looked at while it is waited for.
const DefaultPoll = 2 * time.Second

// Release says how a change that would harm whoever has the volume open makes
// sure that nobody has. The zero Release checks once and refuses.
type Release struct {
	// Force skips the check. What somebody has open is then destroyed under him.
	Force bool
	// Wait is how long to wait until the volume is released; 0 checks once.
	// The last check begins when it is over, and takes its own time: of the
	// Guard 13 s when the volume is free.
	Wait time.Duration
	// Poll is how long to pause between checks, DefaultPoll unless positive.
	Poll time.Duration
	// Gate judges instead of a Guard with the default options. GateOf returns
	// that of a Guard with others.
	Gate Gate
}

// Gate returns nil when nobody has the volume open. ErrInUse means that
// somebody has; every other error that nobody can tell. It must be safe for
// concurrent use.
type Gate func(ctx context.Context, path zbs.Path) error

// GateOf returns the Guard, with these options, as the gate of a Release. No
// host is allowed to have the volume open unless an option says so.
func GateOf(g *guard.Guard, opts ...guard.CheckOption) Gate {
	return func(ctx context.Context, path zbs.Path) error {
		_, err := g.Check(ctx, path, opts...)
		return err
	}
}

// released returns nil once nobody has the volume open.
func (s *Service) released(ctx context.Context, path zbs.Path, r Release) error {
	if r.Force {
		return nil
	}
	if r.Gate == nil {
		r.Gate = GateOf(s.guard())
	}
	if r.Poll <= 0 {
		r.Poll = DefaultPoll
	}
	if r.Wait <= 0 {
		return r.Gate(ctx, path)
	}
	return r.await(ctx, path)
}

// await checks until the gate opens or Wait is over.
func (r Release) await(ctx context.Context, path zbs.Path) error {
	deadline := time.Now().Add(r.Wait)
	for {
		err := r.Gate(ctx, path)
		left := time.Until(deadline)
		switch {
		case err == nil:
			return nil
		case ctx.Err() == nil && left <= 0:
			return fmt.Errorf("%w, %v: %w", ErrNotReleased, r.Wait, err)
		case sleep(ctx, min(r.Poll, left)) != nil:
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		}
	}
}

// sleep waits for d or for the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
