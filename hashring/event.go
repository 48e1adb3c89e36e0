package hashring

import (
	"slices"
	"sync"
)

// Event is a change of a [Membership].
type Event struct {
	Joined bool // a node came into the ring; otherwise it left
	Node   Node
	Reason Reason
}

// Reason says why a node joined or left. The zero value is [Told].
type Reason uint8

const (
	Told    Reason = iota // Join, Leave or Dead was called
	Listed                // joined, because the source lists it
	Missing               // left, because the source did not list it for enough rounds
	Fenced                // we left, because the source no longer has our own node
)

// String returns "told", "listed", "missing" or "fenced".
func (r Reason) String() string {
	if names := [...]string{"told", "listed", "missing", "fenced"}; int(r) < len(names) {
		return names[r]
	}
	return "unknown"
}

// observers hands out events in the order in which they were queued, one at a time.
type observers struct {
	mu       sync.Mutex // guards all below, and is never held during a call
	list     []*observer
	queue    []queued
	posted   uint64 // events that were ever queued
	draining bool
}

type observer struct {
	call  func(Event)
	since uint64 // events up to this one are older than the observer
}

type queued struct {
	Event
	number uint64
}

func (o *observers) add(call func(Event)) (remove func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	added := &observer{call, o.posted}
	o.list = append(slices.Clip(o.list), added)
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.list = slices.DeleteFunc(slices.Clone(o.list), func(x *observer) bool { return x == added })
	}
}

// post queues an event; the caller's lock gives the order.
func (o *observers) post(e Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.posted++
	o.queue = append(o.queue, queued{e, o.posted})
}

// drain calls the observers until the queue is empty. While one goroutine drains, a
// second one, or an observer that changes the membership, leaves its events to it:
// so they stay in order without a lock around the calls.
func (o *observers) drain() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.draining {
		return
	}
	o.draining = true
	defer func() { o.draining = false }()
	for len(o.queue) > 0 {
		e, list := o.queue[0], o.list
		o.queue = o.queue[1:]
		o.callAll(e, list)
	}
}

func (o *observers) callAll(e queued, list []*observer) {
	o.mu.Unlock()
	defer o.mu.Lock() // also when an observer panics
	for _, x := range list {
		if e.number > x.since {
			x.call(e.Event)
		}
	}
}
