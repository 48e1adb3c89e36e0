package mds

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/semaphore"

	"github.com/zbsclient/zbsclient/mds/internal/notify"
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
	agent   agent

	disconnected atomic.Bool  // a Session says so
	tried        atomic.Int64 // the Caller's turn when it was asked last
	inFlight     atomic.Int64 // attempts and probes under way
	load         atomic.Int64 // those of them that have a connection, or will want one
	lastFailure  atomic.Pointer[failure]
	tallies      byEndpoint[tally]

	mu    sync.Mutex // guards spare
	spare []*lane    // the one used last is at the end, so that few are warm

	lanes []*lane
}

func newNode(addr zbs.Addr, cfg *config, events *notify.Queue[BreakerEvent]) *node {
	n := &node{
		addr: addr, name: addr.String(), cfg: cfg, breaker: newBreaker(addr, cfg, events),
		turns:   semaphore.NewWeighted(int64(cfg.connections)),
		reads:   semaphore.NewWeighted(int64(cfg.parallel)),
		changes: semaphore.NewWeighted(int64(cfg.parallel)),
		agent:   newAgent(),
	}
	for range cfg.connections {
		n.lanes = append(n.lanes, newLane(cfg))
	}
	n.spare = append(n.spare, n.lanes...)
	return n
}

// free reports whether an attempt would get a connection at once.
func (n *node) free() bool { return n.load.Load() < int64(n.cfg.connections) }

// admit waits until the agent may be given another asynchronous command. Changes,
// some of which take minutes, have places of their own and keep no read waiting.
func (n *node) admit(ctx context.Context, t *try, read bool) (done func(), err error) {
	places := n.changes
	if read {
		places = n.reads
	}
	if err := t.wait(ctx, places); err != nil {
		return nil, fmt.Errorf("%w: %d asynchronous commands under way", err, n.cfg.parallel)
	}
	return func() { places.Release(1) }, nil
}

// acquire waits for a lane.
func (n *node) acquire(ctx context.Context, t *try) (*lane, error) {
	if err := t.wait(ctx, n.turns); err != nil {
		return nil, fmt.Errorf("%w: %d of %d in use", err, n.cfg.connections, n.cfg.connections)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	last := len(n.spare) - 1
	l := n.spare[last]
	n.spare = n.spare[:last]
	return l, nil
}

func (n *node) release(t *try, l *lane) {
	t.unload()
	n.mu.Lock()
	n.spare = append(n.spare, l)
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

// What a try has to do with a queue.
const (
	notQueued int32 = iota
	inQueue
	withdrawn // from there: it goes on with another MDS
)

// wait waits for a place, first come first served, until the attempt ends or
// its walk withdraws it. Who gets a place at an MDS that has failed meanwhile
// gives it back.
func (t *try) wait(ctx context.Context, places *semaphore.Weighted) error {
	if places.TryAcquire(1) {
		return nil
	}
	t.queue.Store(inQueue)
	if places.Acquire(ctx, 1) != nil {
		t.queue.CompareAndSwap(inQueue, notQueued)
		return ErrBusy
	}
	leave := t.walk != nil && !t.node.breaker.clean.Load() && t.walk.prefersAnother(t.node)
	if !leave && t.queue.CompareAndSwap(inQueue, notQueued) {
		return nil
	}
	t.queue.Store(withdrawn)
	places.Release(1)
	return ErrBusy
}

// withdraw ends an attempt that waits in a queue, and reports false if it does
// not: nothing of it was sent.
func (t *try) withdraw() bool {
	if !t.queue.CompareAndSwap(inQueue, withdrawn) {
		return false
	}
	t.cancel()
	return true
}

// busy is the result of an attempt that found no place in a queue.
func busy(err error) result { return response{}.failed(PhaseQueue, unsent, err).result }
