package mds

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zbsclient/zbsclient/hashring"
	"github.com/zbsclient/zbsclient/mds/internal/hedge"
	"github.com/zbsclient/zbsclient/mds/internal/notify"
	"github.com/zbsclient/zbsclient/zbs"
)

// Caller makes calls to the MDS of one cluster. It keeps a circuit breaker and
// a few connections per MDS, so a program makes one and shares it. It is safe
// for concurrent use; the zero Caller is not usable, New makes one.
type Caller struct {
	cfg        config
	nodes      []*node
	byName     map[string]*node
	receiver   *receiver
	router     func() Router
	budget     *hedge.Budget
	turn       atomic.Int64 // counts attempts and probes
	calls      byEndpoint[callTally]
	background *background
	closed     atomic.Bool
}

// New returns a Caller for the MDS with the given addresses, in any spelling
// of zbs.ParseAddr. Addresses that come to the same count once. The error
// names everything that is wrong with list and options at once: it wraps
// ErrInvalidOption, zbs.ErrInvalidAddr, or ErrNoCandidates for an empty list.
func New(addrs []string, opts ...Option) (*Caller, error) {
	c := &Caller{cfg: defaultConfig(), byName: make(map[string]*node)}
	c.cfg.dial = (&net.Dialer{}).DialContext
	var errs []error
	for _, opt := range opts {
		errs = append(errs, opt(&c.cfg))
	}
	parsed, err := parseAddrs(addrs)
	if err := errors.Join(append(errs, err)...); err != nil {
		return nil, err
	}
	c.budget = hedge.NewBudget(c.cfg.budget, c.cfg.budgetShare)
	c.background = newBackground()
	events := notify.New(c.background.ctx, c.cfg.onBreaker)
	names := make([]string, len(parsed))
	for i, addr := range parsed {
		n := newNode(addr, &c.cfg, events)
		c.nodes = append(c.nodes, n)
		c.byName[n.name] = n
		names[i] = n.name
	}
	c.router = sync.OnceValue(func() Router {
		if c.cfg.router != nil {
			return c.cfg.router
		}
		return hashring.New(hashring.Default, names...) // some milliseconds, for those who route
	})
	c.receiver = &receiver{logger: c.cfg.logger, tasks: make(map[string]*task)}
	return c, nil
}

func parseAddrs(addrs []string) ([]zbs.Addr, error) {
	if len(addrs) == 0 {
		return nil, fmt.Errorf("%w: the list of MDS is empty", ErrNoCandidates)
	}
	var parsed []zbs.Addr
	var errs []error
	for i, s := range addrs {
		addr, err := zbs.ParseAddr(s)
		if err != nil {
			errs = append(errs, fmt.Errorf("MDS %d of %d: %w", i+1, len(addrs), err))
		} else if !slices.Contains(parsed, addr) {
			parsed = append(parsed, addr)
		}
	}
	return parsed, errors.Join(errs...)
}

// Close ends the Caller: it ends probes, stops listening for callbacks and
// closes idle connections. Calls that are under way end by their own time-outs,
// later ones return ErrClosed.
func (c *Caller) Close() error {
	c.closed.Store(true)
	c.background.close()
	for _, n := range c.nodes {
		n.closeIdle()
	}
	return c.receiver.close(c.cfg.listener)
}

// AttemptTimeout returns what bounds an attempt unless the call says otherwise.
func (c *Caller) AttemptTimeout() time.Duration { return c.cfg.attemptTimeout }

// Addrs returns the MDS in the order of the list.
func (c *Caller) Addrs() []zbs.Addr {
	addrs := make([]zbs.Addr, len(c.nodes))
	for i, n := range c.nodes {
		addrs[i] = n.addr
	}
	return addrs
}

// Breaker returns the state of the MDS's circuit breaker, and "" for one that
// is not in the list.
func (c *Caller) Breaker(addr zbs.Addr) Breaker {
	if n := c.byName[addr.String()]; n != nil {
		return n.breaker.state()
	}
	return ""
}

// CallbackHandler takes what agents post to the callback URL, for a server of
// the user's (WithMountedCallbacks).
func (c *Caller) CallbackHandler() http.Handler { return c.receiver }

// Call sends the command to one MDS after the other until one answers, as the
// rules of the package say, and returns the answer. Nothing is sent when the
// command is invalid (zbs.ErrInvalidPath, zbs.ErrInvalidName), the Caller is
// closed (ErrClosed), or with DryRun a command that changes something
// (ErrDryRun). Every other error is a *WalkError: errors.Is matches
// ErrAllFailed, ErrAmbiguous, ErrNoCandidates and the error of each attempt,
// errors.As finds a *zbs.AgentError or *StatusError.
func Call[R any](ctx context.Context, c *Caller, command zbs.Command[R], opts ...CallOption) (R, error) {
	answer, err := c.call(ctx, op{
		endpoint: command.Endpoint(),
		command:  command,
		secret:   zbs.SecretOf(command),
		decode:   func(body []byte) (any, error) { return zbs.DecodeAnswer[R](body) },
	}, command.Validate, opts)
	if err != nil {
		var none R
		return none, err
	}
	return answer.(R), nil
}

func (c *Caller) call(ctx context.Context, o op, validate func() error, opts []CallOption) (any, error) {
	w := &walk{caller: c, op: o}
	for _, opt := range opts {
		opt(&w.call)
	}
	for _, t := range w.call.traces {
		*t = Trace{}
	}
	if w.call.timeout <= 0 {
		w.call.timeout = c.cfg.attemptTimeout
	}
	if err := validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", o.endpoint.Name, err)
	}
	if c.closed.Load() {
		return nil, fmt.Errorf("%s: %w", o.endpoint.Name, ErrClosed)
	}
	if w.call.dryRun != nil && o.endpoint.Repeat != zbs.Read {
		return nil, c.describe(o, &w.call)
	}
	ctx, end := c.beginCall(ctx, o.endpoint)
	w.ctx = ctx
	answer, err := w.run()
	c.count(o.endpoint, err)
	if end != nil || len(w.call.traces) > 0 {
		w.tell(end, err)
	}
	return answer, err
}

func (c *Caller) count(e zbs.Endpoint, err error) {
	t := c.calls.get(e.Name)
	if err != nil {
		t.failed.Add(1)
	} else {
		t.succeeded.Add(1)
	}
}

// tell hands the trace to those who want it.
func (w *walk) tell(end func(Trace, error), err error) {
	trace := w.trace()
	for _, t := range w.call.traces {
		*t = trace
	}
	if end != nil {
		end(trace, err)
	}
}
