package guardconfig

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume/guard"
)

// Config is everything that builds a Guard. The zero Config builds a Guard without an
// inventory, which finds volumes in use and never proves one free.
type Config struct {
	Hosts       Hosts
	Timing      guard.Timing  // a zero field means the default
	SelfFencing time.Duration // 0: hosts are not known to fence themselves
	MaxFenceAge time.Duration // 0: the default
	Allowed     []string      // hosts that may have volumes open, by name or address
	Fences      []guard.Attestation
	Options     []guard.CheckOption // further options, for every check
}

// Guarded is a Guard and its inventory.
type Guarded struct {
	*guard.Guard
	Inventory *Inventory
}

// Close ends the use of the inventory's source.
func (g *Guarded) Close() { g.Inventory.Close() }

// Open reads the inventory and builds the Guard. It reports every mistake in the
// Config before anything is sent to an MDS. An error that matches ErrUnreachable is
// no mistake of the user; all others are.
func (c Config) Open(ctx context.Context, caller *mds.Caller, logger *slog.Logger) (*Guarded, error) {
	inventory, err := c.Hosts.Open(ctx, logger)
	if err != nil {
		return nil, err
	}
	g, err := c.build(caller, inventory)
	if err != nil {
		inventory.Close()
		return nil, err
	}
	return &Guarded{g, inventory}, nil
}

func (c Config) build(caller *mds.Caller, inventory *Inventory) (*guard.Guard, error) {
	var errs []error
	opts := []guard.CheckOption{guard.WithTiming(c.Timing)}
	if c.SelfFencing > 0 {
		opts = append(opts, guard.SelfFencing(c.SelfFencing))
	}
	if c.MaxFenceAge > 0 {
		opts = append(opts, guard.MaxFenceAge(c.MaxFenceAge))
	}
	for _, host := range c.Allowed {
		if err := inventory.Check(host); err != nil {
			errs = append(errs, fmt.Errorf("allowed host %w", err))
		}
		opts = append(opts, guard.AllowHost(host))
	}
	for _, fence := range c.Fences {
		if _, ok := inventory.Find(fence.Host); !ok && inventory.Source == nil {
			errs = append(errs, fmt.Errorf("fenced host %q: without an inventory of hosts a fence accounts for none", fence.Host))
		} else if err := inventory.Check(fence.Host); err != nil {
			errs = append(errs, fmt.Errorf("fenced host %w", err))
		}
		opts = append(opts, guard.FencedBy(fence))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return guard.New(caller, inventory.Source, append(opts, c.Options...)...)
}
