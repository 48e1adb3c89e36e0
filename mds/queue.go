package mds

import (
	"context"
	"fmt"

	"golang.org/x/sync/semaphore"

	"github.com/zbsclient/zbsclient/mds/internal/wire"
	"github.com/zbsclient/zbsclient/zbs"
)

// places is a semaphore that attempts wait for in line.
type places interface {
	TryAcquire(n int64) bool
	Acquire(ctx context.Context, n int64) error
	Release(n int64)
}

// wait waits for a place, first come first served, until the attempt ends or its call
// withdraws it. An attempt that gets a place at an MDS which has failed meanwhile gives
// it back when there is a better one.
func (a *attempt) wait(ctx context.Context, p places) error {
	if p.TryAcquire(1) {
		return nil
	}
	before, since := a.progress.load()
	a.progress.enter(queued, since)
	if p.Acquire(ctx, 1) != nil {
		a.progress.move(queued, before)
		return ErrBusy
	}
	leave := a.rivals != nil && !a.server.breaker.Healthy() && a.rivals.prefersAnother(a.server)
	if !leave && a.progress.move(queued, before) {
		return nil
	}
	a.progress.enter(withdrawn, since)
	p.Release(1)
	return ErrBusy
}

// withdraw ends an attempt that waits in a queue, and reports false if it does not.
// Nothing of it was sent.
func (a *attempt) withdraw() bool {
	if !a.progress.move(queued, withdrawn) {
		return false
	}
	a.cancel()
	return true
}

// admit waits until the agent may be given another asynchronous command. Changes have
// places of their own: some take minutes, and keep no read waiting.
func (a *attempt) admit(ctx context.Context, repeat zbs.Repeat) (*semaphore.Weighted, error) {
	p := a.server.changes
	if repeat == zbs.Read {
		p = a.server.reads
	}
	if err := a.wait(ctx, p); err != nil {
		return nil, fmt.Errorf("%w: %d asynchronous commands under way", err, a.server.cfg.parallel)
	}
	return p, nil
}

// acquire waits for a connection slot.
func (a *attempt) acquire(ctx context.Context) (*wire.Slot, error) {
	if err := a.wait(ctx, a.server.slots); err != nil {
		n := a.server.cfg.connections
		return nil, fmt.Errorf("%w: %d of %d in use", err, n, n)
	}
	return a.server.slots.Take(), nil
}

func (a *attempt) release(slot *wire.Slot) {
	a.respond()
	a.server.slots.Put(slot)
	a.server.slots.Release(1)
}
