package volume

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// coalesceWait is how long a call waits for an equal one that is under way
// before it is made all the same. What takes longer than this is being staggered
// already, or all MDS are in trouble; then it is made no more often than so.
const coalesceWait = mds.DefaultMostStagger

// coalescer lets equal calls at the same time share one. A call takes the
// outcome of another only if that began after it: an answer is never older than
// its question, so who looks after a change sees it. So one that meets another
// under way waits for it to end, and those that come meanwhile share the next.
// That goes on as long as one of them wants it.
//
// It is safe for concurrent use.
type coalescer[V any] struct {
	op string // the endpoint, for the error of those who leave early

	mu      sync.Mutex // guards what follows
	next    map[zbs.Path]*joint[V]
	running map[zbs.Path]*joint[V] // the one that began last
}

// joint is one call with those who share it.
type joint[V any] struct {
	sharers int // the coalescer's mutex guards it
	cancel  context.CancelFunc
	done    chan struct{} // closed when the rest is set
	value   V
	err     error
}

// do makes the call, or shares one that begins later than now. The context of
// call has the values of one of those who share it, and ends when none is left.
func (c *coalescer[V]) do(ctx context.Context, path zbs.Path, call func(context.Context) (V, error)) (V, error) {
	j := c.join(ctx, path, call)
	select {
	case <-j.done:
		return j.value, j.err
	case <-ctx.Done():
	}
	if !c.leave(path, j) {
		var none V
		return none, fmt.Errorf("%s: %w", path, &mds.WalkError{Op: c.op, Stop: ctx.Err()})
	}
	<-j.done // soon: its context has ended
	return j.value, leftError(path, j.err, ctx.Err())
}

// leftError puts why the last one left in the place of the cancellation that
// ended the call.
func leftError(path zbs.Path, err, why error) error {
	walk, ok := errors.AsType[*mds.WalkError](err)
	switch {
	case ok && walk.Stop != nil:
		stopped := *walk // hooks may have kept the other
		stopped.Stop = why
		return fmt.Errorf("%s: %w", path, &stopped)
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%w (%v)", why, err)
	}
	return err
}

// join returns the call that comes next.
func (c *coalescer[V]) join(ctx context.Context, path zbs.Path, call func(context.Context) (V, error)) *joint[V] {
	c.mu.Lock()
	defer c.mu.Unlock()
	j := c.next[path]
	if j == nil {
		if c.next == nil {
			c.next, c.running = make(map[zbs.Path]*joint[V]), make(map[zbs.Path]*joint[V])
		}
		j = &joint[V]{done: make(chan struct{})}
		ctx, j.cancel = context.WithCancel(context.WithoutCancel(ctx))
		c.next[path] = j
		go c.run(ctx, path, j, c.running[path], call)
	}
	j.sharers++
	return j
}

// leave reports whether nobody is left to share the call, which then ends.
func (c *coalescer[V]) leave(path zbs.Path, j *joint[V]) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if j.sharers--; j.sharers > 0 {
		return false
	}
	if c.next[path] == j {
		delete(c.next, path) // who comes now starts afresh
	}
	j.cancel()
	return true
}

// run makes the call when it is its turn.
func (c *coalescer[V]) run(ctx context.Context, path zbs.Path, j, before *joint[V], call func(context.Context) (V, error)) {
	defer close(j.done)
	defer j.cancel()
	if before != nil {
		before.wait(ctx)
	}
	c.mu.Lock()
	if c.next[path] == j {
		delete(c.next, path)
	}
	c.running[path] = j
	c.mu.Unlock()

	j.value, j.err = call(ctx)

	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running[path] == j {
		delete(c.running, path)
	}
}

// wait returns when the call has ended, or has taken long.
func (j *joint[V]) wait(ctx context.Context) {
	timer := time.NewTimer(coalesceWait)
	defer timer.Stop()
	select {
	case <-j.done:
	case <-timer.C:
	case <-ctx.Done():
	}
}
