package mds

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/hashring"
	"github.com/zbsclient/zbsclient/mds/internal/callback"
	"github.com/zbsclient/zbsclient/mds/internal/hedge"
	"github.com/zbsclient/zbsclient/mds/internal/lookup"
	"github.com/zbsclient/zbsclient/mds/internal/notify"
	"github.com/zbsclient/zbsclient/zbs"
)

// Caller makes calls to the MDS of one cluster. It keeps a circuit breaker and
// a few connections per MDS, so a program makes one and shares it. It is safe
// for concurrent use; the zero Caller is not usable, New makes one.
type Caller struct {
	shared     *shared
	cluster    *cluster
	checks     map[*server]*healthCheck
	calls      lookup.Map[callTally]
	background *background
}

// New returns a Caller for the MDS with the given addresses, in any spelling
// of zbs.ParseAddr. Two spellings of one address count once. The error names
// everything that is wrong with list and options: it wraps ErrInvalidOption,
// zbs.ErrInvalidAddr, or ErrNoCandidates for an empty list.
func New(addrs []string, opts ...Option) (*Caller, error) {
	common := &shared{cfg: defaultConfig()}
	cfg := &common.cfg
	var errs []error
	for _, opt := range opts {
		errs = append(errs, opt(cfg))
	}
	parsed, err := parseAddrs(addrs)
	if err := errors.Join(append(errs, err)...); err != nil {
		return nil, err
	}
	common.budget = hedge.NewBudget(cfg.budget, cfg.budgetShare)
	cfg.wire.Token = common.budget.Take
	cfg.callbacks.Logger = cfg.logger
	common.receiver = callback.New(cfg.callbacks)

	c := &Caller{shared: common, cluster: &cluster{byName: make(map[string]*server)}, checks: make(map[*server]*healthCheck), background: newBackground()}
	events := notify.New(c.background.ctx, cfg.onBreaker)
	names := make([]string, len(parsed))
	for i, addr := range parsed {
		s := newServer(addr, common, events)
		c.cluster.add(s)
		c.checks[s] = &healthCheck{server: s, background: c.background}
		names[i] = s.name
	}
	c.cluster.router = sync.OnceValue(func() Router {
		if cfg.router != nil {
			return cfg.router
		}
		return hashring.New(hashring.Default, names...) // takes milliseconds for more than three MDS, so only where a call routes
	})
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

// Close ends health checks, stops listening for callbacks and closes idle
// connections. Calls under way end by their own time-outs, later ones return ErrClosed.
func (c *Caller) Close() error {
	c.background.close()
	for _, s := range c.cluster.servers {
		s.slots.CloseIdle()
	}
	return c.shared.receiver.Close()
}

// AttemptTimeout returns what bounds an attempt unless the call says otherwise.
func (c *Caller) AttemptTimeout() time.Duration { return c.shared.cfg.attemptTimeout }

// Addrs returns the MDS in the order of the list.
func (c *Caller) Addrs() []zbs.Addr {
	addrs := make([]zbs.Addr, len(c.cluster.servers))
	for i, s := range c.cluster.servers {
		addrs[i] = s.addr
	}
	return addrs
}

// Breaker returns the state of the MDS's circuit breaker, and "" for an MDS that is
// not in the list.
func (c *Caller) Breaker(addr zbs.Addr) Breaker {
	if s := c.cluster.find(addr); s != nil {
		return s.state()
	}
	return ""
}

// CallbackHandler serves the callback URL in a server of the user's
// (WithMountedCallbacks).
func (c *Caller) CallbackHandler() http.Handler { return c.shared.receiver }

// Call sends the command to one MDS after the other until one answers, as the rules of
// the package say, and returns the answer. It sends nothing when the command is invalid
// (zbs.ErrInvalidPath, zbs.ErrInvalidName), when the Caller is closed (ErrClosed), or
// when DryRun is given and the command changes something (ErrDryRun). Every other error
// is a *CallError: errors.Is matches ErrAllFailed, ErrAmbiguous, ErrNoCandidates and the
// error of each attempt, errors.As finds a *zbs.AgentError or *StatusError.
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
	k := &call{cluster: c.cluster, shared: c.shared, op: o}
	for _, opt := range opts {
		opt(&k.opts)
	}
	for _, t := range k.opts.traces {
		*t = Trace{}
	}
	if k.opts.timeout <= 0 {
		k.opts.timeout = c.shared.cfg.attemptTimeout
	}
	if err := validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", o.endpoint.Name, err)
	}
	if c.background.closed() {
		return nil, fmt.Errorf("%s: %w", o.endpoint.Name, ErrClosed)
	}
	if k.opts.dryRun != nil && o.endpoint.Repeat != zbs.Read {
		return nil, describe(c.cluster.candidates(&k.opts), o, k.opts.dryRun)
	}
	ctx, end := c.shared.cfg.hooks.call(ctx, o.endpoint)
	k.ctx = ctx
	first := k.start()
	for _, s := range k.failedCandidates(first) {
		c.checks[s].trigger(o, k.opts.timeout)
	}
	k.run(first)
	answer, err := k.result()
	c.calls.Get(o.endpoint.Name).count(err)
	k.publish(end, err)
	return answer, err
}
