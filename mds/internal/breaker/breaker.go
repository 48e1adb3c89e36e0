// Package breaker is the circuit breaker of one MDS. It orders the MDS and never
// forbids a request, so it takes reports of requests that have ended and lets none in
// or out.
package breaker

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
)

// State is the state of a Breaker.
type State = gobreaker.State

// The states. An open breaker becomes half-open after its pause.
const (
	Closed   = gobreaker.StateClosed
	HalfOpen = gobreaker.StateHalfOpen
	Open     = gobreaker.StateOpen
)

// Breaker is a gobreaker that gets a report of each request at its end. A request
// under way holds no place in it, so a health check that hangs keeps no other one from
// closing it. It is safe for concurrent use; New makes one.
type Breaker struct {
	failures uint32
	pause    time.Duration
	onChange func(from, to State)

	healthy    atomic.Bool  // closed, and the last report was a success: spares each request the mutex
	recoveries atomic.Int64 // how often it became healthy again

	mu    sync.Mutex // guards inner
	inner *gobreaker.CircuitBreaker[struct{}]
}

// New returns a closed Breaker. So many failures in a row open it, and after the pause
// it is half-open. onChange is called for every change, in order and with the Breaker
// locked: it must return at once.
func New(failures int, pause time.Duration, onChange func(from, to State)) *Breaker {
	b := &Breaker{failures: uint32(failures), pause: pause, onChange: onChange}
	b.renew()
	return b
}

var errFailure = errors.New("failure")

func succeed() (struct{}, error) { return struct{}{}, nil }
func fail() (struct{}, error)    { return struct{}{}, errFailure }

// Success reports an answer. It closes the breaker in any state, and is a no-op on a
// healthy one.
func (b *Breaker) Success() {
	if b.Healthy() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.recoveries.Add(1)
	if _, err := b.inner.Execute(succeed); err != nil { // open: it takes no success
		b.renew()
		b.onChange(Open, Closed)
	}
	b.healthy.Store(true)
}

// Failure reports a request that got no answer.
func (b *Breaker) Failure() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.healthy.Store(false)
	b.inner.Execute(fail)
}

// renew puts a closed breaker in the place of the one before.
func (b *Breaker) renew() {
	b.inner = gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Timeout:       b.pause,
		ReadyToTrip:   func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= b.failures },
		OnStateChange: func(_ string, from, to State) { b.onChange(from, to) },
	})
	b.healthy.Store(true)
}

// Healthy reports whether the breaker is closed and the last report was a success.
func (b *Breaker) Healthy() bool { return b.healthy.Load() }

// Recoveries returns how often the breaker became healthy again.
func (b *Breaker) Recoveries() int64 { return b.recoveries.Load() }

// State returns the state.
func (b *Breaker) State() State {
	if b.Healthy() {
		return Closed
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.inner.State()
}
