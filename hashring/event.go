package hashring

import (
	"slices"
	"sync"
)

// Event is a change of a [Membership].
type Event struct {
	Joined bool // the node joined the ring; otherwise it left
	Node   Node
	Reason Reason
}

// Reason says why a node joined or left. The zero value is [Told].
type Reason uint8

const (
	Told    Reason = iota // Join, Leave or Dead was called
	Listed                // it joined because the source lists it
	Missing               // it left because the source did not list it for enough rounds
	Fenced                // our own node left because the source no longer has it
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
	posted   uint64 // number of events queued so far
	draining bool
}

type observer struct {
	call  func(Event)
	since uint64 // number of the last event before the observer was added
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

// post queues an event. The caller holds a lock that fixes the order of events.
func (o *observers) post(e Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.posted++
	o.queue = append(o.queue, queued{e, o.posted})
}

// drain calls the observers until the queue is empty. Only one goroutine drains at a
// time. A second goroutine, or an observer that changes the membership, leaves its
// events to the first. So events stay in order without a lock around the calls.
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
