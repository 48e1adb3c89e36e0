package mds

import (
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/zbsclient/zbsclient/mds/internal/agent"
	"github.com/zbsclient/zbsclient/mds/internal/breaker"
	"github.com/zbsclient/zbsclient/mds/internal/callback"
	"github.com/zbsclient/zbsclient/mds/internal/hedge"
	"github.com/zbsclient/zbsclient/mds/internal/lookup"
	"github.com/zbsclient/zbsclient/mds/internal/notify"
	"github.com/zbsclient/zbsclient/mds/internal/wire"
	"github.com/zbsclient/zbsclient/zbs"
)

// shared is what all MDS of a Caller have in common.
type shared struct {
	cfg      config
	budget   *hedge.Budget
	receiver *callback.Receiver
	sequence atomic.Int64 // numbers the attempts
}

// server is one MDS: its address, breaker and connections, what is known of its
// agent, and what was counted.
type server struct {
	*shared
	addr    zbs.Addr
	name    string // text of addr
	breaker *breaker.Breaker
	agent   *agent.Agent

	slots   *wire.Slots
	alive   func() bool         // whether a connection is open; that of slots
	reads   *semaphore.Weighted // asynchronous ones under way
	changes *semaphore.Weighted // asynchronous ones under way

	disconnected atomic.Bool  // a Session says so
	tried        atomic.Int64 // the number of the last attempt
	inFlight     atomic.Int64 // attempts under way, health checks included
	load         atomic.Int64 // those of them that have a connection, or will want one
	lastFailure  atomic.Pointer[failure]
	tallies      lookup.Map[tally]
}

func newServer(addr zbs.Addr, common *shared, events *notify.Queue[BreakerEvent]) *server {
	cfg := &common.cfg
	s := &server{
		shared: common, addr: addr, name: addr.String(),
		slots:   wire.NewSlots(cfg.connections, &cfg.wire),
		reads:   semaphore.NewWeighted(int64(cfg.parallel)),
		changes: semaphore.NewWeighted(int64(cfg.parallel)),
		agent:   agent.New(),
		breaker: breaker.New(cfg.breakerFailures, cfg.breakerPause, func(from, to breaker.State) {
			events.Push(BreakerEvent{Addr: addr, From: nameOf(from), To: nameOf(to), At: time.Now()})
		}),
	}
	s.alive = s.slots.Alive
	return s
}

// free reports whether an attempt would get a connection at once.
func (s *server) free() bool { return s.load.Load() < int64(s.cfg.connections) }

// standing returns how the MDS compares with others as a candidate.
func (s *server) standing() standing {
	st := standing{free: s.free(), inFlight: s.inFlight.Load(), tried: s.tried.Load()}
	if !s.breaker.Healthy() {
		switch s.state() {
		case BreakerClosed:
			st.rank = failedBefore
		case BreakerHalfOpen:
			st.rank = halfOpen
		default:
			st.rank = open
		}
	}
	if s.disconnected.Load() {
		st.rank += disconnected
	}
	return st
}

// recall returns what is known of the agent. The agent may be another one when no
// connection to it is left: that of a process that was replaced would be gone.
func (s *server) recall() agent.Knowledge {
	if !s.alive() {
		s.agent.Forget()
	}
	return s.agent.Recall()
}

// tally returns the tally of the endpoint.
func (s *server) tally(endpoint string) *tally { return s.tallies.Get(endpoint) }

// template returns the template of requests for the endpoint.
func (s *server) template(e zbs.Endpoint) (*template, error) {
	known := &s.tally(e.Name).template
	if t := known.Load(); t != nil {
		return t, nil
	}
	t, err := newTemplate(s.addr, e, s.envelope())
	if err == nil {
		known.Store(t)
	}
	return t, err
}

// envelope is what a command to the MDS carries beside its own fields.
func (s *server) envelope() zbs.Envelope {
	return zbs.Envelope{StorageID: s.cfg.storageID, Addr: s.addr.Host}
}

// failed notes the error of an attempt that failed.
func (s *server) failed(err error) { s.lastFailure.Store(&failure{err, time.Now()}) }

// report tells the breaker how an attempt ended.
func (s *server) report(h health) {
	switch h {
	case healthy:
		s.breaker.Success()
	case unhealthy:
		s.breaker.Failure()
	case neutral:
	}
}

// state returns the state of the breaker.
func (s *server) state() Breaker { return nameOf(s.breaker.State()) }
