package mds

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

const (
	// An echo begins every probePeriod at most, and echoTimeout bounds it. With
	// the breaker's pause that is less than 300 ms: as long as it may take to
	// notice that an MDS is back.
	probePeriod = 200 * time.Millisecond
	echoTimeout = 150 * time.Millisecond

	// A command that is given up leaves a thread of the agent at work, perhaps
	// for ever. So one is given up for a fresh one ever more seldom.
	probeLeast = 250 * time.Millisecond
	probeMost  = 4 * time.Second
	// probeAlone bounds the command where there is but one connection.
	probeAlone = time.Second
)

// healthCheck finds out whether an MDS that failed is back, beside reads that other
// MDS answer. It keeps no read waiting, and its answer is not that of a read.
//
// First it asks for an echo, which costs the agent nothing: each is given up soon, and
// so shows soon that an MDS is back which had been cut off or stopped. An answer to the
// command that the call had is what closes the breaker. The command is sent when an
// echo was answered, and beside the echoes when one took too long or got an error: so
// an MDS that is merely slow is not passed over for ever. When an echo is answered and a
// command from before it is not, the command is sent anew.
type healthCheck struct {
	server     *server
	background *background

	mu         sync.Mutex // guards what follows
	echoing    bool
	rested     time.Time          // when the next echo may begin
	command    context.CancelFunc // ends the command under way; nil: none is
	began      time.Time          // when that was sent
	pause      time.Duration      // before that may be given up for a fresh one
	recoveries int64              // of the breaker when the pause began to grow
}

// trigger starts what is due, for the command of a call.
func (h *healthCheck) trigger(o op, timeout time.Duration) {
	if h.server.state() == BreakerOpen {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.echoing || time.Now().Before(h.rested) {
		return
	}
	h.rested = time.Now().Add(probePeriod)
	if n := h.server.breaker.Recoveries(); n != h.recoveries {
		h.recoveries, h.pause = n, 0
	}
	if h.server.cfg.connections > 1 {
		h.echoing = h.background.start(func(ctx context.Context) { h.echo(ctx, o, timeout) })
	} else if h.command == nil {
		h.sendLocked(o, min(timeout, probeAlone))
	}
}

// echo asks for an echo. A failure tells on the breaker; an answer alone does not,
// because an agent echoes whatever is wrong with the storage behind it.
func (h *healthCheck) echo(ctx context.Context, o op, timeout time.Duration) {
	s := h.server
	recoveries := s.breaker.Recoveries()
	a := h.ask(ctx, echoOp, echoTimeout)
	if a.health() == unhealthy && s.breaker.Recoveries() == recoveries { // else it has answered another request
		s.report(unhealthy)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.echoing = false
	if s.breaker.Healthy() {
		return
	}
	alive := a.health() == healthy
	if alive && h.command != nil && time.Since(h.began) >= h.pause {
		h.command()
		h.command = nil
		h.pause = min(max(2*h.pause, probeLeast), probeMost)
	}
	if h.command == nil && (alive || a.outcome == faulted || errors.Is(a.Err, os.ErrDeadlineExceeded)) {
		h.sendLocked(o, timeout)
	}
}

// sendLocked sends the command.
func (h *healthCheck) sendLocked(o op, timeout time.Duration) {
	began := time.Now()
	ctx, cancel := context.WithCancel(context.Background())
	started := h.background.start(func(closed context.Context) {
		defer context.AfterFunc(closed, cancel)()
		defer cancel()
		recoveries := h.server.breaker.Recoveries()
		a := h.ask(ctx, o, timeout)
		if a.health() == healthy || h.server.breaker.Recoveries() == recoveries {
			h.server.report(a.health())
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.began == began { // it was not given up
			h.command = nil
		}
	})
	if !started {
		cancel()
		return
	}
	h.command, h.began = cancel, began
}

// ask makes an attempt that belongs to no call.
func (h *healthCheck) ask(ctx context.Context, o op, timeout time.Duration) *attempt {
	t := h.server.tally(o.endpoint.Name)
	t.probes.Add(1)
	a := newAttempt(ctx, h.server, timeout)
	a.perform(o)
	a.observe(t)
	return a
}

var echoOp = op{
	endpoint: zbs.EndpointEcho,
	command:  zbs.Echo{},
	decode:   func(body []byte) (any, error) { return zbs.DecodeAnswer[zbs.EchoReply](body) },
}
