// Package coalesce lets equal calls at the same time share one.
package coalesce

import (
	"context"
	"sync"
	"time"
)

// Group lets calls with one key share a call. A caller gets the outcome of a call
// that began after its own: an answer is never older than its question. So a call
// that meets an equal one under way waits for it to end, at most for Wait, and
// those that come meanwhile share the next. A call goes on as long as one of its
// callers wants it.
//
// A Group is safe for concurrent use. With a Wait of zero a call does not wait
// for the one before it.
type Group[K comparable, V any] struct {
	Wait time.Duration

	mu      sync.Mutex // guards what follows
	next    map[K]*call[V]
	running map[K]*call[V] // the one that began last
}

// call is one call with those that share it.
type call[V any] struct {
	waiters int // guarded by the Group's mutex
	cancel  context.CancelFunc
	done    chan struct{} // closed when the rest is set
	value   V
	err     error
}

// Do makes the call, or shares one that begins later than now. The context of
// make has the values of one of the callers, and ends when none is left. A caller
// whose ctx ends gets its error; the last to leave gets what the call returned
// after its context ended, and left is true.
func (g *Group[K, V]) Do(ctx context.Context, key K, make func(context.Context) (V, error)) (value V, left bool, err error) {
	c := g.join(ctx, key, make)
	select {
	case <-c.done:
		return c.value, false, c.err
	case <-ctx.Done():
	}
	if !g.leave(key, c) {
		return value, true, ctx.Err()
	}
	<-c.done // soon: its context has ended
	return c.value, true, c.err
}

// join returns the call that comes next.
func (g *Group[K, V]) join(ctx context.Context, key K, do func(context.Context) (V, error)) *call[V] {
	g.mu.Lock()
	defer g.mu.Unlock()
	c := g.next[key]
	if c == nil {
		if g.next == nil {
			g.next, g.running = make(map[K]*call[V]), make(map[K]*call[V])
		}
		c = &call[V]{done: make(chan struct{})}
		ctx, c.cancel = context.WithCancel(context.WithoutCancel(ctx))
		g.next[key] = c
		go g.run(ctx, key, c, g.running[key], do)
	}
	c.waiters++
	return c
}

// leave reports whether nobody is left to share the call, which then ends.
func (g *Group[K, V]) leave(key K, c *call[V]) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if c.waiters--; c.waiters > 0 {
		return false
	}
	if g.next[key] == c {
		delete(g.next, key) // a later caller starts afresh
	}
	c.cancel()
	return true
}

// run makes the call when it is its turn.
func (g *Group[K, V]) run(ctx context.Context, key K, c, before *call[V], do func(context.Context) (V, error)) {
	defer close(c.done)
	defer c.cancel()
	if before != nil {
		before.wait(ctx, g.Wait)
	}
	if c.err = ctx.Err(); c.err != nil {
		return // all have left before it began
	}
	g.mu.Lock()
	if g.next[key] == c {
		delete(g.next, key)
	}
	g.running[key] = c
	g.mu.Unlock()

	c.value, c.err = do(ctx)

	g.mu.Lock()
	defer g.mu.Unlock()
	if g.running[key] == c {
		delete(g.running, key)
	}
}

// wait returns when the call has ended, or has taken long.
func (c *call[V]) wait(ctx context.Context, most time.Duration) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-c.done:
	case <-timer.C:
	case <-ctx.Done():
	}
}
