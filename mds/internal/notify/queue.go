// Package notify hands events to an observer without delaying what they are about.
package notify

import (
	"context"
	"sync"
)

// Queue hands events to an observer, in order and one at a time. It calls the
// observer from a goroutine of its own, which holds no lock and ends when the queue
// is empty, so a slow observer delays the next event alone. Events still waiting
// when the context ends are dropped. It is safe for concurrent use; the zero Queue
// drops every event.
type Queue[E any] struct {
	observe func(E)
	ctx     context.Context

	mu      sync.Mutex // guards waiting and running
	waiting []E
	running bool
}

// New returns a Queue for the observer; with nil it drops every event.
func New[E any](ctx context.Context, observe func(E)) *Queue[E] {
	return &Queue[E]{ctx: ctx, observe: observe}
}

// Push adds an event and returns at once.
func (q *Queue[E]) Push(e E) {
	if q.observe == nil || q.ctx.Err() != nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, e)
	if !q.running {
		q.running = true
		go q.run()
	}
}

func (q *Queue[E]) run() {
	for {
		q.mu.Lock()
		if len(q.waiting) == 0 || q.ctx.Err() != nil {
			q.running = false
			q.mu.Unlock()
			return
		}
		e := q.waiting[0]
		q.waiting = q.waiting[1:]
		q.mu.Unlock()
		q.observe(e)
	}
}
