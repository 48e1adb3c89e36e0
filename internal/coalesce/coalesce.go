// Package coalesce lets equal calls at the same time share one.
package coalesce

import (
	"context"
	"sync"
	"time"
)

// Group lets calls with the same key share one. Unlike a singleflight it never
// answers from before a call: a caller gets the outcome of a call that began
// after its own. When an equal call is under way, a new one waits for it to end, at
// most for Wait, and callers that arrive meanwhile share the new one. A call goes on
// as long as one of its callers waits for it.
//
// A Group is safe for concurrent use. The zero Group is ready to use: with a Wait of
// zero a call does not wait for the one before it.
type Group[K comparable, V any] struct {
	Wait time.Duration

	mu      sync.Mutex     // guards what follows
	next    map[K]*call[V] // not begun yet
	running map[K]*call[V] // begun last
}

// call is one call that one or more callers wait for.
type call[V any] struct {
	waiters int // guarded by the Group's mutex
	cancel  context.CancelFunc
	done    chan struct{} // closed when the rest is set
	value   V
	err     error
}

// Do makes the call, or shares one that begins later than now. The context of do
// has the values of one of the callers, and ends when no caller is left.
//
// When ctx ends first, left is true. The error is then that of ctx, but the last
// caller to leave gets what the call returned after its own context ended.
func (g *Group[K, V]) Do(ctx context.Context, key K, do func(context.Context) (V, error)) (value V, left bool, err error) {
	c := g.join(ctx, key, do)
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

// join returns the next call to begin, with one more caller.
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

// leave takes a caller from the call, and ends the call when none is left. It
// reports whether it did.
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

// run makes the call once the one before it has ended or has run for Wait.
func (g *Group[K, V]) run(ctx context.Context, key K, c, before *call[V], do func(context.Context) (V, error)) {
	defer close(c.done)
	defer c.cancel()
	if before != nil {
		before.wait(ctx, g.Wait)
	}
	if c.err = ctx.Err(); c.err != nil {
		return // every caller left before it began
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

// wait returns when the call or ctx has ended, or after most.
func (c *call[V]) wait(ctx context.Context, most time.Duration) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-c.done:
	case <-timer.C:
	case <-ctx.Done():
	}
}
