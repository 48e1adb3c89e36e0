package mds

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/semaphore"

	"github.com/zbsclient/zbsclient/zbs"
)

// node is one MDS of the list: its address, breaker and lanes, and what is known
// of it.
type node struct {
	addr    zbs.Addr
	name    string // text of addr
	cfg     *config
	breaker *breaker
	prober  prober
	turns   *semaphore.Weighted // one per lane
	reads   *semaphore.Weighted // asynchronous ones under way
	changes *semaphore.Weighted
	modern  atomic.Bool // its agent has answered to facts

	disconnected atomic.Bool  // a Session says so
	tried        atomic.Int64 // the Caller's turn when it was asked last
	inFlight     atomic.Int64
	lastFailure  atomic.Pointer[failure]
	tallies      byEndpoint[tally]

	mu   sync.Mutex // guards free
	free []*lane    // the one used last is at the end, so that few are warm

	lanes []*lane
}

func newNode(addr zbs.Addr, cfg *config, events *eventQueue[BreakerEvent]) *node {
	n := &node{
		addr: addr, name: addr.String(), cfg: cfg, breaker: newBreaker(addr, cfg, events),
		turns:   semaphore.NewWeighted(int64(cfg.connections)),
		reads:   semaphore.NewWeighted(int64(cfg.parallel)),
		changes: semaphore.NewWeighted(int64(cfg.parallel)),
	}
	for range cfg.connections {
		n.lanes = append(n.lanes, newLane(cfg))
	}
	n.free = append(n.free, n.lanes...)
	return n
}

// rank says how willingly the node is asked: the least rank first.
func (n *node) rank() int {
	rank := 0
	if n.disconnected.Load() {
		rank = 4
	}
	if n.breaker.clean.Load() {
		return rank
	}
	switch n.breaker.state() {
	case BreakerClosed: // and it failed just before
		return rank + 1
	case BreakerHalfOpen:
		return rank + 2
	default:
		return rank + 3
	}
}

// admit waits until the agent may be given another asynchronous command. Changes,
// some of which take minutes, have places of their own and keep no read waiting.
func (n *node) admit(ctx context.Context, t *try, read bool) (done func(), err error) {
	places := n.changes
	if read {
		places = n.reads
	}
	if err := t.queue(ctx, places); err != nil {
		return nil, fmt.Errorf("%w: %d asynchronous commands under way", err, n.cfg.parallel)
	}
	return func() { places.Release(1) }, nil
}

// acquire waits for a lane.
func (n *node) acquire(ctx context.Context, t *try) (*lane, error) {
	if err := t.queue(ctx, n.turns); err != nil {
		return nil, fmt.Errorf("%w: %d of %d in use", err, n.cfg.connections, n.cfg.connections)
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

// errWithdrawn ends a wait in a queue, so that the try goes to another MDS.
var errWithdrawn = errors.New("put off")

// queue waits for a place, first come first served, until the attempt ends or
// its walk withdraws it.
func (t *try) queue(ctx context.Context, places *semaphore.Weighted) error {
	if places.TryAcquire(1) {
		return nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	withdraw := func() { cancel(errWithdrawn) }
	t.withdraw.Store(&withdraw)
	defer t.withdraw.Store(nil)
	err := places.Acquire(ctx, 1)
	if err == nil {
		return nil
	}
	if context.Cause(ctx) == errWithdrawn {
		return fmt.Errorf("%w, %w", ErrBusy, errWithdrawn)
	}
	return ErrBusy
}

// busy is the result of an attempt that found no place in a queue.
func busy(err error) result {
	o := unsent
	if errors.Is(err, errWithdrawn) {
		o = putOff
	}
	return response{}.failed(PhaseQueue, o, err).result
}
