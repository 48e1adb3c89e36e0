package mds

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/zbsclient/zbsclient/mds/internal/callback"
	"github.com/zbsclient/zbsclient/mds/internal/hedge"
	"github.com/zbsclient/zbsclient/mds/internal/wire"
)

// Defaults of a Caller.
const (
	// DefaultConnectTimeout bounds a connect: ZStack's own for this agent.
	DefaultConnectTimeout = 30 * time.Second
	// DefaultAttemptTimeout bounds an attempt, connect and callback included:
	// what ZStack gives a volume-client query.
	DefaultAttemptTimeout = 30 * time.Second
	// DefaultConnections is how many connections an MDS gets from one Caller.
	// An agent has 10 threads and a backlog of 5, and stalls above about 6.
	DefaultConnections = 4
	// DefaultBreakerFailures is how many failures in a row open a breaker.
	DefaultBreakerFailures = 3
	// DefaultBreakerPause is how long an open breaker waits before health checks
	// begin: short, so that an MDS which is back is noticed within 300 ms.
	DefaultBreakerPause = 100 * time.Millisecond
	// DefaultParallel is how many asynchronous reads, and how many changes, an
	// MDS works on at once for one Caller. Each is a process or several on its
	// host.
	DefaultParallel = 8
	// DefaultLeastHedgeDelay and DefaultMostHedgeDelay bound the hedge delay. It is never
	// less than twice the usual latency of the quickest MDS.
	DefaultLeastHedgeDelay = 10 * time.Millisecond
	DefaultMostHedgeDelay  = 250 * time.Millisecond
	// DefaultRetryBudget is how many retry tokens a Caller holds: enough to ask
	// every MDS of a cluster a few times over without a success in between.
	DefaultRetryBudget = 32
	// DefaultRetryShare is the share of a token that a success earns, one in ten:
	// usual for retry budgets in RPC libraries (gRPC's retry throttling, Finagle's
	// RetryBudget).
	DefaultRetryShare = 0.1
)

// Router says in which order the MDS are asked for a key: it yields their names,
// which are the text of their addresses. MDS that it leaves out are asked last. It
// must be safe for concurrent use. A *hashring.Ring is one.
type Router interface {
	Walk(key string) iter.Seq[string]
}

// DialFunc opens a connection, like net.Dialer.DialContext.
type DialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

type config struct {
	attemptTimeout  time.Duration
	connections     int
	breakerFailures int
	breakerPause    time.Duration
	onBreaker       func(BreakerEvent)
	parallel        int
	hedge           hedge.Bounds
	budget          float64
	budgetShare     float64
	storageID       string
	wire            wire.Config
	callbacks       callback.Config
	logger          *slog.Logger
	hooks           hooks
	router          Router
}

func defaultConfig() config {
	return config{
		attemptTimeout:  DefaultAttemptTimeout,
		connections:     DefaultConnections,
		breakerFailures: DefaultBreakerFailures,
		breakerPause:    DefaultBreakerPause,
		parallel:        DefaultParallel,
		hedge:           hedge.Bounds{Least: DefaultLeastHedgeDelay, Most: DefaultMostHedgeDelay},
		budget:          DefaultRetryBudget,
		budgetShare:     DefaultRetryShare,
		wire:            wire.Config{Dial: (&net.Dialer{}).DialContext, ConnectTimeout: DefaultConnectTimeout},
		callbacks:       callback.Config{MaxBody: wire.MaxBody},
		logger:          slog.New(slog.DiscardHandler),
	}
}

// Option sets how a Caller behaves. New reports every bad option at once, in errors
// that wrap ErrInvalidOption.
type Option func(*config) error

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrInvalidOption, fmt.Errorf(format, args...))
}

// WithConnectTimeout bounds each connect, DefaultConnectTimeout unless set. It
// must be positive; the attempt's time-out bounds it as well.
func WithConnectTimeout(d time.Duration) Option {
	return func(c *config) error {
		if d <= 0 {
			return invalid("connect time-out %v is not positive", d)
		}
		c.wire.ConnectTimeout = d
		return nil
	}
}

// WithAttemptTimeout bounds each attempt at one MDS, from connecting to the
// last byte of the answer or callback, DefaultAttemptTimeout unless set. It
// must be positive. The call option Timeout overrides it.
func WithAttemptTimeout(d time.Duration) Option {
	return func(c *config) error {
		if d <= 0 {
			return invalid("attempt time-out %v is not positive", d)
		}
		c.attemptTimeout = d
		return nil
	}
}

// WithConnections sets how many connections each MDS gets, DefaultConnections
// unless set. It must be 1 to 6: agents stall above that.
func WithConnections(n int) Option {
	return func(c *config) error {
		if n < 1 || n > 6 {
			return invalid("%d connections per MDS, want 1 to 6", n)
		}
		c.connections = n
		return nil
	}
}

// WithRetries sets how many times a read is repeated at the same MDS after a
// transport fault, 0 unless set. Each repetition costs a retry token. n must be 0 to 10.
// A command that agents may misread is repeated so only while another connection to the
// MDS is open, for then it is the same agent.
// A read whose reused connection turns out dead is repeated once, at once, whatever the
// setting.
func WithRetries(n int) Option {
	return func(c *config) error {
		if n < 0 || n > 10 {
			return invalid("%d retries, want 0 to 10", n)
		}
		c.wire.Retries = n
		return nil
	}
}

// WithBreaker sets the circuit breaker of each MDS: so many failures in a row open it
// (DefaultBreakerFailures), and after the pause (DefaultBreakerPause) health checks
// begin. Both must be positive.
func WithBreaker(failures int, pause time.Duration) Option {
	return func(c *config) error {
		if failures <= 0 || pause <= 0 {
			return invalid("breaker of %d failures and %v pause, both must be positive", failures, pause)
		}
		c.breakerFailures, c.breakerPause = failures, pause
		return nil
	}
}

// WithOnBreaker calls observe once for every change of a breaker's state, in order and
// one at a time. observe holds no lock, so it may use the Caller and close it. A slow
// observer delays the next event and no call. Changes that were not reported when the
// Caller is closed are dropped.
func WithOnBreaker(observe func(BreakerEvent)) Option {
	return func(c *config) error {
		if observe == nil {
			return invalid("the observer of breakers is nil")
		}
		c.onBreaker = observe
		return nil
	}
}

// WithParallel sets how many asynchronous reads, and how many changes, are under
// way at one MDS, each from the request to its callback; DefaultParallel unless
// set. Others wait in line within their attempt's time-out. It must be 1 to 64. Synchronous commands are bounded by WithConnections.
func WithParallel(n int) Option {
	return func(c *config) error {
		if n < 1 || n > 64 {
			return invalid("%d asynchronous commands per MDS, want 1 to 64", n)
		}
		c.parallel = n
		return nil
	}
}

// WithHedging bounds the hedge delay of reads: how long an attempt may take before the
// next MDS is asked as well. The delay is four times what the MDS usually takes for the
// endpoint, within least and most (DefaultLeastHedgeDelay, DefaultMostHedgeDelay), but never
// less than twice what the quickest MDS takes. Both must be positive and least not above
// most. Both 0 turn hedging off: then a hung MDS costs a read the attempt's time-out.
// Commands that change something are never hedged.
func WithHedging(least, most time.Duration) Option {
	return func(c *config) error {
		if off := least == 0 && most == 0; !off && (least <= 0 || most < least) {
			return invalid("hedge delay of %v to %v, want both positive in this order, or both 0", least, most)
		}
		c.hedge = hedge.Bounds{Least: least, Most: most}
		return nil
	}
}

// WithRetryBudget sets how many retry tokens the Caller holds (DefaultRetryBudget), and
// the share of a token that a success earns (DefaultRetryShare). An attempt costs a token
// when a request of its call may have reached another MDS that has not answered it. most
// must be 0 to 1000, share 0 to 1. Without a token, an MDS that failed lately is not asked
// (ErrRetryBudget); a healthy one is, but later when the attempt before is merely slow.
func WithRetryBudget(most int, share float64) Option {
	return func(c *config) error {
		if most < 0 || most > 1000 || !(share >= 0 && share <= 1) {
			return invalid("retry budget of %d extra attempts and %v for a success, want 0 to 1000 and 0 to 1", most, share)
		}
		c.budget, c.budgetShare = float64(most), share
		return nil
	}
}

// WithStorageID sets the primary storage's uuid that commands carry, free
// text, empty unless set.
func WithStorageID(id string) Option {
	return func(c *config) error {
		c.storageID = id
		return nil
	}
}

// WithDialContext opens connections through dial instead of a net.Dialer, for
// example through the in-memory network of fakemds.
func WithDialContext(dial DialFunc) Option {
	return func(c *config) error {
		if dial == nil {
			return invalid("the dial function is nil")
		}
		c.wire.Dial = dial
		return nil
	}
}

// WithTLSConfig sets the configuration for https addresses, the system's
// defaults unless set.
func WithTLSConfig(t *tls.Config) Option {
	return func(c *config) error {
		c.wire.TLS = t.Clone()
		return nil
	}
}

// WithTransport sends requests through rt, which makes and bounds connections itself. It
// is meant for tests of HTTP details. The Caller then takes every request as sent, unless
// the error is a failed dial.
func WithTransport(rt http.RoundTripper) Option {
	return func(c *config) error {
		if rt == nil {
			return invalid("the transport is nil")
		}
		c.wire.Transport = rt
		return nil
	}
}

// WithLogger logs each attempt (debug) and each move to the next MDS (warn).
// Nothing is logged unless set.
func WithLogger(l *slog.Logger) Option {
	return func(c *config) error {
		if l == nil {
			return invalid("the logger is nil")
		}
		c.logger = l
		return nil
	}
}

// WithHook lets h follow every call and attempt. It may be given several times: the hooks
// run in that order at a beginning, and in the opposite order at an end.
func WithHook(h Hook) Option {
	return func(c *config) error {
		if h == nil {
			return invalid("the hook is nil")
		}
		c.hooks = append(c.hooks, h)
		return nil
	}
}

// WithRouter sets the order in which MDS are asked for a key, a hashring.Ring of
// the default placement unless set.
func WithRouter(r Router) Option {
	return func(c *config) error {
		if r == nil {
			return invalid("the router is nil")
		}
		c.router = r
		return nil
	}
}

// WithCallbackListener receives callbacks on l, which the Caller closes. Unless
// set, the Caller listens on a free port of all interfaces when it makes its
// first asynchronous call.
func WithCallbackListener(l net.Listener) Option {
	return func(c *config) error {
		if l == nil {
			return invalid("the callback listener is nil")
		}
		c.callbacks.Listener = l
		return nil
	}
}

// WithCallbackURL sets the URL that agents are told to post results to, for
// example behind an address translation. Unless set, it is the listener's
// address, or the local one that routes to the MDS.
func WithCallbackURL(u string) Option {
	return func(c *config) error {
		if err := checkCallbackURL(u); err != nil {
			return err
		}
		c.callbacks.URL = u
		return nil
	}
}

// WithMountedCallbacks opens no listener: the user serves
// Caller.CallbackHandler, reachable at u.
func WithMountedCallbacks(u string) Option {
	return func(c *config) error {
		if err := checkCallbackURL(u); err != nil {
			return err
		}
		c.callbacks.URL, c.callbacks.Mounted = u, true
		return nil
	}
}

func checkCallbackURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return invalid("callback URL: %w", errors.Unwrap(err))
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return invalid("callback URL %q, want http://HOST:PORT/PATH", u.Redacted())
	case u.User != nil:
		return invalid("callback URL %q has credentials, agents log it", u.Redacted())
	}
	return nil
}
