package mds

import (
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// CallOption sets how one call behaves.
type CallOption func(*callConfig)

type callConfig struct {
	tryNext    bool
	oneRefusal bool
	key        string
	target     *zbs.Addr
	timeout    time.Duration
	traces     []*Trace
	dryRun     *Request
	valid      func() error // nil: always
	except     []zbs.Addr
}

// TryNext goes on to the next MDS also after a time-out, an agent's refusal or an HTTP
// 4xx, as far as the command may be repeated. Without it a call goes on only after an
// MDS that was not reached, or a broken connection.
func TryNext() CallOption { return func(c *callConfig) { c.tryNext = true } }

// NoTryNext undoes a TryNext given before it, such as that of the queries of
// package volume.
func NoTryNext() CallOption { return func(c *callConfig) { c.tryNext = false } }

// RefusalStops ends the call at the first agent that refuses, also with TryNext. It is
// for a command that an agent works on for minutes before it refuses, for a reason that
// lies in the storage behind all of them.
func RefusalStops() CallOption { return func(c *callConfig) { c.oneRefusal = true } }

// RouteKey chooses the order of the MDS by key, such as a volume's path.
// Without one they are asked in the order of the list.
func RouteKey(key string) CallOption { return func(c *callConfig) { c.key = key } }

// Target asks only this MDS of the list, whatever its breaker says.
func Target(addr zbs.Addr) CallOption { return func(c *callConfig) { c.target = &addr } }

// Except asks none of these MDS, such as those that had the command before. Target
// wins over it.
func Except(addrs ...zbs.Addr) CallOption {
	return func(c *callConfig) { c.except = append(c.except, addrs...) }
}

// Timeout bounds each attempt of this call in place of WithAttemptTimeout. With 0 or
// less it changes nothing.
func Timeout(d time.Duration) CallOption { return func(c *callConfig) { c.timeout = d } }

// Record fills t with what each MDS did, whether the call succeeds or not. t
// is overwritten, and must not be read before the call returns. Record may be
// given several times; with nil it does nothing.
func Record(t *Trace) CallOption {
	return func(c *callConfig) {
		if t != nil {
			c.traces = append(c.traces, t)
		}
	}
}

// SendOnlyWhile sends requests of the call only while valid returns nil. valid is called
// before each attempt begins, when the attempt has a connection slot, and before the
// first byte of each request, a repetition at the same MDS included. Its error stops the
// call: nothing more is written, the attempt ends as not sent (PhaseWithheld), and
// CallError.Stop is the error, beside the attempts made so far.
//
// A request whose first byte was written is not taken back. valid must be safe for
// concurrent use and must not block: the attempt's time-out runs. If SendOnlyWhile is
// given several times, all must agree; nil allows everything. DryRun does not call it.
func SendOnlyWhile(valid func() error) CallOption {
	return func(c *callConfig) {
		first := c.valid
		switch {
		case valid == nil:
		case first == nil:
			c.valid = valid
		default:
			c.valid = func() error {
				if err := first(); err != nil {
					return err
				}
				return valid()
			}
		}
	}
}

// Request is what a call would have sent.
type Request struct {
	MDS    zbs.Addr // that would be asked first
	Method string   // of HTTP
	URL    string
	Body   []byte // JSON; a password in it is ***
}

// DryRun fills into with the request of a call that changes something, and makes
// it return ErrDryRun instead of sending it. Reads are sent, so an operation of several
// calls gets as far as its change. An invalid command, and a call without candidates,
// fail as without DryRun and leave into as it is. With nil only ErrDryRun is returned:
// nothing is sent either.
func DryRun(into *Request) CallOption {
	if into == nil {
		into = new(Request)
	}
	return func(c *callConfig) { c.dryRun = into }
}
