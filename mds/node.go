package mds

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/semaphore"

	"github.com/zbsclient/zbsclient/zbs"
)

type breaker = gobreaker.CircuitBreaker[struct{}]

// node is one MDS of the list: its address, breaker and lanes.
type node struct {
	addr    zbs.Addr
	name    string // text of addr
	cfg     *config
	breaker atomic.Pointer[breaker]
	turns   *semaphore.Weighted // one per lane
	modern  atomic.Bool         // its agent has answered to facts

	disconnected atomic.Bool // a Session says so

	mu   sync.Mutex // guards free
	free []*lane    // the one used last is at the end, so that few are warm

	lanes []*lane
}

func newNode(addr zbs.Addr, cfg *config) *node {
	n := &node{addr: addr, name: addr.String(), cfg: cfg, turns: semaphore.NewWeighted(int64(cfg.connections))}
	for range cfg.connections {
		n.lanes = append(n.lanes, newLane(cfg))
	}
	n.free = append(n.free, n.lanes...)
	n.closeBreaker()
	return n
}

// What an attempt tells the breaker: nil, or one of these.
var (
	errUnhealthy = errors.New("unhealthy")
	errNeutral   = errors.New("says nothing of its health")
)

// closeBreaker gives the node a fresh, closed breaker: gobreaker cannot be
// told of a success while it is open.
func (n *node) closeBreaker() {
	n.breaker.Store(gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Name:    n.name,
		Timeout: n.cfg.breakerPause,
		ReadyToTrip: func(c gobreaker.Counts) bool {
			return c.ConsecutiveFailures >= uint32(n.cfg.breakerFailures)
		},
		IsExcluded: func(err error) bool { return errors.Is(err, errNeutral) },
	}))
}

// guarded makes an attempt through the breaker, which refuses it when open.
func (n *node) guarded(attempt func() result) result {
	var r result
	_, err := n.breaker.Load().Execute(func() (struct{}, error) {
		r = attempt()
		return struct{}{}, r.health()
	})
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		r.Attempt = Attempt{Addr: n.addr, Phase: PhaseBreaker, Err: ErrBreakerOpen, outcome: unsent}
	}
	return r
}

// insisted makes an attempt whatever the breaker says; an answer closes it.
func (n *node) insisted(attempt func() result) result {
	r := attempt()
	if r.health() == nil {
		n.closeBreaker()
	}
	return r
}

// acquire waits for a lane.
func (n *node) acquire(ctx context.Context) (*lane, error) {
	if err := n.turns.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	last := len(n.free) - 1
	l := n.free[last]
	n.free = n.free[:last]
	return l, nil
}

func (n *node) release(l *lane) {
	n.mu.Lock()
	n.free = append(n.free, l)
	n.mu.Unlock()
	n.turns.Release(1)
}

func (n *node) closeIdle() {
	for _, l := range n.lanes {
		if l.transport != nil {
			l.transport.CloseIdleConnections()
		}
	}
}

// Breaker is the state of an MDS's circuit breaker.
type Breaker string

const (
	BreakerClosed   Breaker = "closed"    // asked in its turn
	BreakerHalfOpen Breaker = "half-open" // the next attempt is a probe
	BreakerOpen     Breaker = "open"      // asked last
)

func (n *node) state() Breaker {
	switch n.breaker.Load().State() {
	case gobreaker.StateClosed:
		return BreakerClosed
	case gobreaker.StateHalfOpen:
		return BreakerHalfOpen
	default:
		return BreakerOpen
	}
}
