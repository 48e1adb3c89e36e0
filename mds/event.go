package mds

import (
	"context"
	"sync"
)

// eventQueue hands events to the observer, in order and one at a time, from a
// goroutine that lives while there are any: with nothing locked, however long
// the observer takes. Those that are left when ctx ends are dropped.
type eventQueue[E any] struct {
	observe func(E) // nil: nobody
	ctx     context.Context

	mu      sync.Mutex // guards what follows
	waiting []E
	running bool
}

func (q *eventQueue[E]) push(e E) {
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

func (q *eventQueue[E]) run() {
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
