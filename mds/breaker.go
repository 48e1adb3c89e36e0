package mds

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/zbsclient/zbsclient/mds/internal/notify"
	"github.com/zbsclient/zbsclient/zbs"
)

// Breaker is the state of an MDS's circuit breaker. It chooses the order in
// which MDS are asked, and never has the last word.
type Breaker string

const (
	BreakerClosed   Breaker = "closed"    // asked in its turn, after those that did not fail just before
	BreakerHalfOpen Breaker = "half-open" // asked behind those that are closed; a probe finds out whether it is back
	BreakerOpen     Breaker = "open"      // asked last
)

// BreakerEvent is a change of the state of an MDS's circuit breaker.
type BreakerEvent struct {
	Addr     zbs.Addr
	From, To Breaker
	At       time.Time
}

// health is what an attempt tells of its MDS.
type health uint8

const (
	neutral   health = iota // nothing
	healthy                 // it answered, if only to refuse
	unhealthy               // it failed, or was slow
)

// breaker is a gobreaker that gets a report of each attempt at its end. An attempt
// under way holds no place in it, so a health check that hangs keeps no other one from
// closing it.
type breaker struct {
	addr       zbs.Addr
	cfg        *config
	events     *notify.Queue[BreakerEvent]
	healthy    atomic.Bool  // closed, and the last report was good: spares each call the mutex
	recoveries atomic.Int64 // how often it became healthy again

	mu    sync.Mutex // guards what follows
	inner *gobreaker.CircuitBreaker[struct{}]
}

func newBreaker(addr zbs.Addr, cfg *config, events *notify.Queue[BreakerEvent]) *breaker {
	b := &breaker{addr: addr, cfg: cfg, events: events}
	b.renew()
	return b
}

var errUnhealthy = errors.New("unhealthy")

func succeed() (struct{}, error) { return struct{}{}, nil }
func fail() (struct{}, error)    { return struct{}{}, errUnhealthy }

// report takes how an attempt ended. A success on a healthy breaker is a no-op, and
// one closes the breaker in any other state.
func (b *breaker) report(h health) {
	if h == neutral || h == healthy && b.healthy.Load() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if h == unhealthy {
		b.healthy.Store(false)
		b.inner.Execute(fail)
		return
	}
	b.recoveries.Add(1)
	if _, err := b.inner.Execute(succeed); err != nil { // open: it cannot be told of a success
		b.renew()
		b.push(gobreaker.StateOpen, gobreaker.StateClosed)
	}
	b.healthy.Store(true)
}

// renew puts a closed breaker in the place of the one before.
func (b *breaker) renew() {
	b.inner = gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Name:    b.addr.String(),
		Timeout: b.cfg.breakerPause,
		ReadyToTrip: func(c gobreaker.Counts) bool {
			return c.ConsecutiveFailures >= uint32(b.cfg.breakerFailures)
		},
		OnStateChange: func(_ string, from, to gobreaker.State) { b.push(from, to) },
	})
	b.healthy.Store(true)
}

// push queues an event. The mutex is held, which puts events in order.
func (b *breaker) push(from, to gobreaker.State) {
	b.events.Push(BreakerEvent{Addr: b.addr, From: nameOf(from), To: nameOf(to), At: time.Now()})
}

func (b *breaker) state() Breaker {
	if b.healthy.Load() {
		return BreakerClosed
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return nameOf(b.inner.State())
}

func nameOf(s gobreaker.State) Breaker {
	switch s {
	case gobreaker.StateClosed:
		return BreakerClosed
	case gobreaker.StateHalfOpen:
		return BreakerHalfOpen
	default:
		return BreakerOpen
	}
}
