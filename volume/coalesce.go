package volume

import (
	"context"
	"errors"
	"fmt"

	"github.com/zbsclient/zbsclient/internal/coalesce"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// coalesceWait is how long a call waits for an equal one under way. A call that
// takes longer is being hedged already, or all MDS are in trouble. Then equal calls
// begin this far apart.
const coalesceWait = mds.DefaultMostHedgeDelay

// coalescer lets equal reads at the same time share a call. A caller that leaves
// early gets the error of a call that its own context ended.
//
// Package coalesce is how this package and package guard share work. A singleflight
// would not do: its answer can be older than the call, and its work ends with the
// context of the first caller.
type coalescer[K comparable, V any] struct {
	op    string // the endpoint, for the error of a caller that leaves early
	group coalesce.Group[K, V]
}

func newCoalescer[K comparable, V any](endpoint zbs.Endpoint) *coalescer[K, V] {
	c := &coalescer[K, V]{op: endpoint.Name}
	c.group.Wait = coalesceWait
	return c
}

// do makes the call, or shares one that begins later than now.
func (c *coalescer[K, V]) do(ctx context.Context, key K, call func(context.Context) (V, error)) (V, error) {
	value, left, err := c.group.Do(ctx, key, call)
	if left && err != nil {
		err = c.leftError(key, err, ctx.Err())
	}
	return value, err
}

// leftError replaces the cancellation that ended the call by the reason why the
// caller left. When the call goes on for other callers, the error is that reason
// alone.
func (c *coalescer[K, V]) leftError(key K, err, why error) error {
	callErr, ok := errors.AsType[*mds.CallError](err)
	switch {
	case ok && callErr.Stop != nil:
		stopped := *callErr // a hook may have kept the original
		stopped.Stop = why
		return fmt.Errorf("%v: %w", key, &stopped)
	case err == why, err == context.Canceled:
		return fmt.Errorf("%v: %w", key, &mds.CallError{Op: c.op, Stop: why})
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%w (%v)", why, err)
	}
	return err
}
