package mds

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/zbsclient/zbsclient/mds/internal/hedge"
)

// idleTimeout closes our idle connections before the agent closes them, which
// it does after 15 s: a request must not meet a connection that is going away.
const idleTimeout = 10 * time.Second

// lane is one of the few connections an MDS gets. One attempt holds it at a
// time, and it has an http.Transport of its own. A transport shared by several
// attempts dials ahead: when another request's connection becomes free first,
// the new one stays behind without having sent anything, and holds a thread of
// the agent for 15 s. It also keeps go-retryablehttp, which closes all idle
// connections of its client when it gives up, away from the other lanes.
type lane struct {
	client    *retryablehttp.Client
	transport *http.Transport      // nil with a transport of the user's
	last      atomic.Pointer[conn] // the connection opened last
	// gated is the exchange that began last, if its call has a SendOnlyWhile. It
	// stays when the exchange is over, for net/http may write a little longer.
	gated atomic.Pointer[exchange]
}

func newLane(cfg *config) *lane {
	l := &lane{}
	rt := http.RoundTripper(gate{cfg.transport})
	if cfg.transport == nil {
		l.transport = &http.Transport{
			DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				return l.connect(ctx, cfg, network, addr, false)
			},
			DialTLSContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				return l.connect(ctx, cfg, network, addr, true)
			},
			MaxConnsPerHost:     1,
			MaxIdleConnsPerHost: 1,
			IdleConnTimeout:     idleTimeout,
			DisableCompression:  true,
		}
		rt = l.transport
	}
	l.client = &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport:     rt,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		RetryWaitMin: 100 * time.Millisecond,
		RetryWaitMax: 2 * time.Second,
		RetryMax:     1 + cfg.retries,
		CheckRetry:   checkRetry,
		PrepareRetry: rewind,
		Backoff:      backoff,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	return l
}

// backoff waits nothing before the first repetition, then doubles.
func backoff(least, most time.Duration, try int, resp *http.Response) time.Duration {
	if try == 0 {
		return 0
	}
	return retryablehttp.DefaultBackoff(least, most, try-1, resp)
}

// checkRetry repeats a read at the same MDS: once when the reused connection
// was dead, and as often as WithRetries says after another transport fault, as
// long as the retry budget lasts.
func checkRetry(ctx context.Context, _ *http.Response, err error) (bool, error) {
	x := exchangeOf(ctx)
	if err == nil || x == nil || ctx.Err() != nil || !x.repeatable {
		return false, nil
	}
	if _, no := x.whyWithheld(); no != nil {
		return false, nil
	}
	x.repeat()
	if x.reusedDead() && !x.revived {
		x.revived = true
		return true, nil
	}
	if x.retries > 0 && x.budget.Take() {
		x.retries--
		return true, nil
	}
	return false, nil
}

// connect opens the lane's connection for the exchange in ctx. net/http lets a
// dial go on when its request is cancelled; here it ends with the exchange.
func (l *lane) connect(ctx context.Context, cfg *config, network, addr string, secure bool) (net.Conn, error) {
	x := exchangeOf(ctx)
	if x == nil {
		return nil, errors.New("mds: a dial without an exchange")
	}
	if _, no := x.whyWithheld(); no != nil {
		return nil, no // net/http dials again after a write that wrote nothing
	}
	dialCtx, cancel := context.WithTimeoutCause(x.Context, cfg.connectTimeout,
		&timeoutError{what: "not connected", after: cfg.connectTimeout})
	defer cancel()
	x.stage.Store(int32(stageDial))
	raw, err := cfg.dial(dialCtx, network, addr)
	if err != nil {
		return nil, causeOf(dialCtx, err)
	}
	if secure {
		x.stage.Store(int32(stageTLS))
		if raw, err = handshake(dialCtx, raw, cfg.tls, addr); err != nil {
			return nil, causeOf(dialCtx, err)
		}
	}
	c := &conn{Conn: raw, lane: l}
	if !x.adopt(l, c) {
		raw.Close()
		return nil, context.Cause(x.Context)
	}
	return c, nil
}

func handshake(ctx context.Context, raw net.Conn, base *tls.Config, addr string) (net.Conn, error) {
	cfg := base.Clone()
	if cfg == nil {
		cfg = &tls.Config{}
	}
	if cfg.ServerName == "" {
		cfg.ServerName, _, _ = net.SplitHostPort(addr)
	}
	secured := tls.Client(raw, cfg)
	if err := secured.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, err
	}
	return secured, nil
}

// causeOf returns why ctx ended when it did, and err otherwise.
func causeOf(ctx context.Context, err error) error {
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		<-ctx.Done() // a net.Dialer gives up at the deadline, a little before ctx ends
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// stage is how far the connection of an exchange has come.
type stage int32

const (
	stageNone stage = iota // a connection that was there already, or none yet
	stageDial
	stageTLS
	stageReady
)

// exchange is one use of a lane: a request and its response. It is the context
// of that request, because net/http hands nothing else to a dial.
type exchange struct {
	context.Context
	lane       *lane
	before     *conn // the lane's connection when the exchange began
	written    int64 // its counters then
	read       int64
	repeatable bool
	mark       bool // the request asks whether the agent has the endpoint
	revived    bool // the quick repetition after a dead connection was used
	retries    int
	budget     *hedge.Budget
	valid      func() error // of the call's SendOnlyWhile; nil: always
	stage      atomic.Int32

	mu       sync.Mutex // guards what follows
	over     bool
	opened   *conn // the connection the exchange opened last
	allowed  bool  // valid allows the request that goes out now
	began    bool  // valid allowed one
	withheld error // valid said no
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// Value returns the exchange itself for its key.
func (x *exchange) Value(key any) any {
	if _, mine := key.(exchangeKey); mine {
		return x
	}
	return x.Context.Value(key)
}

// begin starts an exchange of the try on l.
func (l *lane) begin(ctx context.Context, t *try, repeatable bool, retries int, b *hedge.Budget) *exchange {
	x := &exchange{Context: ctx, lane: l, before: l.last.Load(), repeatable: repeatable, retries: retries, budget: b, valid: t.valid}
	if x.before != nil {
		x.written, x.read = x.before.written.Load(), x.before.read.Load()
	}
	if x.valid != nil {
		l.gated.Store(x)
	} else {
		l.gated.Store(nil)
	}
	return x
}

// connected reports whether the exchange has got its connection, so that its
// request may be on its way.
func (x *exchange) connected() bool {
	if x.lane.transport == nil {
		return true // nobody knows
	}
	s := stage(x.stage.Load())
	return s == stageNone && x.before != nil || s == stageReady
}

// adopt makes c the connection of the exchange and its lane, unless the
// exchange is over.
func (x *exchange) adopt(l *lane, c *conn) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.over {
		return false
	}
	x.opened = c
	x.stage.Store(int32(stageReady))
	l.last.Store(c)
	return true
}

// end marks the exchange over: a connection that its dial still brings is
// closed, for the lane's next exchange would not know it. One that it opened and
// sent nothing on is closed by go-retryablehttp, which gives up without it.
func (x *exchange) end() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.over = true
}

// current returns the connection the exchange used last, and whether it was
// open before.
func (x *exchange) current() (c *conn, reused bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.opened != nil {
		return x.opened, false
	}
	return x.before, true
}

// sent reports whether a byte of the request may have reached the agent,
// although the exchange failed with err.
func (x *exchange) sent(err error) bool {
	if x.lane.transport == nil {
		return phaseOfError(err) != PhaseDial
	}
	if x.before != nil && (x.before.written.Load() > x.written || x.before.writing.Load()) {
		return true
	}
	c, reused := x.current()
	return !reused && c != nil && (c.written.Load() > 0 || c.writing.Load())
}

// reusedDead reports whether the exchange failed because the agent had closed
// the reused connection: it took the request and not one byte came back.
func (x *exchange) reusedDead() bool {
	c, reused := x.current()
	return reused && c != nil && stage(x.stage.Load()) == stageNone && c.read.Load() == x.read
}

// phase names how far a failed exchange came.
func (x *exchange) phase(err error) Phase {
	if x.lane.transport == nil {
		return phaseOfError(err)
	}
	switch stage(x.stage.Load()) {
	case stageDial:
		return PhaseDial
	case stageTLS:
		return PhaseTLS
	}
	c, reused := x.current()
	switch {
	case c == nil:
		return PhaseDial
	case c.writeFailed.Load() || c.writing.Load():
		return PhaseWrite
	case !reused && c.written.Load() == 0:
		return PhaseWrite
	}
	return PhaseWait
}

// phaseOfError guesses the phase where the connections are not ours.
func phaseOfError(err error) Phase {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return PhaseDial
	}
	return PhaseWait
}
