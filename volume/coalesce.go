package volume

import (
	"context"
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
//
// It is safe for concurrent use; the zero coalescer is ready for use.
type coalescer[V any] struct {
	mu      sync.Mutex // guards what follows
	next    map[zbs.Path]*joint[V]
	running map[zbs.Path]*joint[V] // the one that began last
}

// joint is one call with those who share it.
type joint[V any] struct {
	done   chan struct{} // closed when the rest is set
	value  V
	err    error
	broken bool // the one who made it has left
}

// do makes the call, or shares one that begins later than now.
func (c *coalescer[V]) do(ctx context.Context, path zbs.Path, call func() (V, error)) (V, error) {
	for {
		j, mine, before := c.join(path)
		if mine {
			return c.make(ctx, path, j, before, call)
		}
		select {
		case <-j.done:
			if !j.broken {
				return j.value, j.err
			}
		case <-ctx.Done():
			var none V
			return none, ctx.Err()
		}
	}
}

// join returns the call that comes next. If it is the caller's to make, before
// is the one under way, nil without one.
func (c *coalescer[V]) join(path zbs.Path) (j *joint[V], mine bool, before *joint[V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if j := c.next[path]; j != nil {
		return j, false, nil
	}
	if c.next == nil {
		c.next, c.running = make(map[zbs.Path]*joint[V]), make(map[zbs.Path]*joint[V])
	}
	j = &joint[V]{done: make(chan struct{})}
	c.next[path] = j
	return j, true, c.running[path]
}

func (c *coalescer[V]) make(ctx context.Context, path zbs.Path, j, before *joint[V], call func() (V, error)) (V, error) {
	defer close(j.done)
	if before != nil {
		before.wait(ctx)
	}
	c.mu.Lock()
	delete(c.next, path)
	c.running[path] = j
	c.mu.Unlock()

	j.broken = true // should call panic
	j.value, j.err = call()

	c.mu.Lock()
	defer c.mu.Unlock()
	j.broken = ctx.Err() != nil
	if c.running[path] == j {
		delete(c.running, path)
	}
	return j.value, j.err
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
