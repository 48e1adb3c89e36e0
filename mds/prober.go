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

// prober finds out whether an MDS that failed is back, while reads that others
// answer come by: they are not kept waiting, and their answers are not its.
//
// First it asks for an echo, which costs the agent nothing: each is given up soon,
// and so shows soon that an MDS is back which had been cut off or stopped. What
// closes the breaker is an answer to the command that the call had. It is sent
// when an echo was answered, and beside the echoes when one took too long or got
// an error: so an MDS that is merely slow is not passed over for ever. When an echo is answered
// and a command from before it is not, the command is sent anew.
//
// The zero prober is ready for use.
type prober struct {
	mu      sync.Mutex // guards what follows
	echoing bool
	rested  time.Time          // when the next echo may begin
	command context.CancelFunc // ends the command under way; nil: none is
	began   time.Time          // when that was sent
	pause   time.Duration      // before that may be given up for a fresh one
	heals   int64              // of the breaker when the pause began to grow
}

// probeOthers probes those whom the walk passes over because they failed. It
// rides along with a read that goes to an MDS which did not: in a total outage
// calls alone are load enough.
func (c *Caller) probeOthers(w *walk, first *node) {
	if w.op.endpoint.Repeat != zbs.Read || !first.breaker.clean.Load() {
		return
	}
	for _, n := range w.waiting {
		if !n.breaker.clean.Load() {
			n.prober.kick(n, w)
		}
	}
}

// kick starts what is due, for the command that the walk is about.
func (p *prober) kick(n *node, w *walk) {
	if n.breaker.state() == BreakerOpen {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.echoing && !time.Now().Before(p.rested) {
		p.startLocked(w.caller, n, w.op, w.call)
	}
}

func (p *prober) startLocked(c *Caller, n *node, o op, cc callConfig) {
	p.rested = time.Now().Add(probePeriod)
	if heals := n.breaker.heals.Load(); heals != p.heals {
		p.heals, p.pause = heals, 0
	}
	if n.cfg.connections > 1 {
		p.echoing = c.background.start(func(ctx context.Context) { p.echo(ctx, c, n, o, cc) })
	} else if p.command == nil {
		cc.timeout = min(cc.timeout, probeAlone)
		p.sendLocked(c, n, o, cc)
	}
}

var echoOp = op{
	endpoint: zbs.EndpointEcho,
	command:  zbs.Echo{},
	decode:   func(body []byte) (any, error) { return zbs.DecodeAnswer[zbs.EchoReply](body) },
}

// echo asks for an echo. A failure tells on the breaker; an answer alone does
// not, because an agent echoes whatever is wrong with the storage behind it.
func (p *prober) echo(ctx context.Context, c *Caller, n *node, o op, cc callConfig) {
	heals := n.breaker.heals.Load()
	r := c.probe(ctx, n, echoOp, callConfig{timeout: echoTimeout})
	if r.health() == unhealthy && n.breaker.heals.Load() == heals { // else it has answered another one meanwhile
		n.breaker.report(unhealthy)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.echoing = false
	if n.breaker.clean.Load() {
		return
	}
	alive := r.health() == healthy
	if alive && p.command != nil && time.Since(p.began) >= p.pause {
		p.command()
		p.command = nil
		p.pause = min(max(2*p.pause, probeLeast), probeMost)
	}
	if p.command == nil && (alive || r.outcome == faulted || errors.Is(r.Err, os.ErrDeadlineExceeded)) {
		p.sendLocked(c, n, o, cc)
	}
}

// sendLocked sends the command.
func (p *prober) sendLocked(c *Caller, n *node, o op, cc callConfig) {
	began := time.Now()
	ctx, cancel := context.WithCancel(context.Background())
	started := c.background.start(func(closed context.Context) {
		defer context.AfterFunc(closed, cancel)()
		defer cancel()
		heals := n.breaker.heals.Load()
		r := c.probe(ctx, n, o, cc)
		if r.health() == healthy || n.breaker.heals.Load() == heals {
			n.breaker.report(r.health())
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.began == began { // it was not given up
			p.command = nil
		}
	})
	if !started {
		cancel()
		return
	}
	p.command, p.began = cancel, began
}

// probe makes an attempt that belongs to no call.
func (c *Caller) probe(ctx context.Context, n *node, o op, cc callConfig) result {
	n.tally(o.endpoint.Name).probes.Add(1)
	r := c.attempt(newTry(ctx, n, cc.timeout), o, &cc)
	n.observe(o.endpoint, r)
	return r
}

// background is what a Caller does beside the calls.
type background struct {
	ctx    context.Context // ends with the Caller
	cancel context.CancelFunc
	all    sync.WaitGroup

	mu     sync.Mutex // guards closed
	closed bool
}

func newBackground() *background {
	b := &background{}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	return b
}

// start runs f beside everything else, and reports false if it is too late.
func (b *background) start(f func(ctx context.Context)) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return false
	}
	b.all.Go(func() { f(b.ctx) })
	return true
}

// close ends all that is under way and waits for it.
func (b *background) close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.cancel()
	b.all.Wait()
}
