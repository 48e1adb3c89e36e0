package mds

import (
	"context"
	"sync"
)

// background is what a Caller does beside the calls.
type background struct {
	ctx    context.Context // ends with the Caller
	cancel context.CancelFunc
	all    sync.WaitGroup
	mu     sync.Mutex // held while ctx ends: nothing starts then
}

func newBackground() *background {
	b := &background{}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	return b
}

// start runs f beside everything else, and reports false after close.
func (b *background) start(f func(ctx context.Context)) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed() {
		return false
	}
	b.all.Go(func() { f(b.ctx) })
	return true
}

func (b *background) closed() bool { return b.ctx.Err() != nil }

// close ends all that is under way and waits for it.
func (b *background) close() {
	b.mu.Lock()
	b.cancel()
	b.mu.Unlock()
	b.all.Wait()
}
