package volume

import (
	"context"
	"errors"
	"fmt"

	"github.com/zbsclient/zbsclient/internal/coalesce"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// coalesceWait is how long a call waits for an equal one that is under way. What
// takes longer than this is being staggered already, or all MDS are in trouble;
// then it is made no more often than so.
const coalesceWait = mds.DefaultMostStagger

// coalescer lets equal reads of one volume share a call. A caller that leaves
// early gets the error of a call that its own context ended.
type coalescer[V any] struct {
	op    string // the endpoint, for the error of those that leave early
	group coalesce.Group[zbs.Path, V]
}

func newCoalescer[V any](endpoint zbs.Endpoint) *coalescer[V] {
	c := &coalescer[V]{op: endpoint.Name}
	c.group.Wait = coalesceWait
	return c
}

// do makes the call, or shares one that begins later than now.
func (c *coalescer[V]) do(ctx context.Context, path zbs.Path, call func(context.Context) (V, error)) (V, error) {
	value, left, err := c.group.Do(ctx, path, call)
	if left && err != nil {
		err = c.leftError(path, err, ctx.Err())
	}
	return value, err
}

// leftError puts why the caller left in the place of the cancellation that ended
// the call. Without a call of its own that ended, it is that alone.
func (c *coalescer[V]) leftError(path zbs.Path, err, why error) error {
	walk, ok := errors.AsType[*mds.WalkError](err)
	switch {
	case ok && walk.Stop != nil:
		stopped := *walk // hooks may have kept the other
		stopped.Stop = why
		return fmt.Errorf("%s: %w", path, &stopped)
	case err == why, err == context.Canceled:
		return fmt.Errorf("%s: %w", path, &mds.WalkError{Op: c.op, Stop: why})
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%w (%v)", why, err)
	}
	return err
}
