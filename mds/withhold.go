package mds

import "net/http"

// SendOnlyWhile sends requests of the call only while valid returns nil. It is
// called before each attempt begins, again when the attempt has a place at its MDS,
// and last when the connection is there, before the first byte of each request,
// also of one that is repeated at the same MDS. An error of it stops the call:
// nothing more is written, the attempt ends as not sent (PhaseWithheld), and
// WalkError.Stop is the error, beside the attempts made so far.
//
// A request of which the first byte was written is not taken back. valid may be
// called by several goroutines at once, and must not block: the attempt's time-out
// runs. If it is given several times, all must agree; nil allows everything. DryRun
// does not call it.
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

// withheld is the result of an attempt, or of one more request of it, that the
// call's SendOnlyWhile did not allow.
func (r response) withheld(err error) response { return r.failed(PhaseWithheld, withheld, err) }

// askWhileValid is ask as far as the call's SendOnlyWhile allows it.
func (c *Caller) askWhileValid(t *try, o op) result {
	if err := t.maySend(); err != nil {
		return response{}.withheld(err).result
	}
	return c.ask(t.ctx, t, o)
}

// maySend asks the call's SendOnlyWhile.
func (t *try) maySend() error {
	if t.valid == nil {
		return nil
	}
	return t.valid()
}

// maySend asks the call's SendOnlyWhile before the first byte of a request. What
// it says holds until the request is repeated, a no for ever.
func (x *exchange) maySend() error {
	x.mu.Lock()
	allowed, err := x.allowed, x.withheld
	x.mu.Unlock()
	if allowed || err != nil {
		return err
	}
	err = x.valid()
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.withheld == nil {
		x.allowed, x.withheld = err == nil, err
		x.began = x.began || x.allowed
	}
	return x.withheld
}

// repeat makes the next request of the exchange ask again.
func (x *exchange) repeat() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.allowed = false
}

// whyWithheld returns the error that kept a request from being written, nil if
// none did, and whether one before it was not kept.
func (x *exchange) whyWithheld() (sent bool, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.began, x.withheld
}

// gate is a transport of the user's behind SendOnlyWhile: it makes connections
// itself, so the call is asked before it begins.
type gate struct{ http.RoundTripper }

// RoundTrip sends the request if the call still allows it.
func (g gate) RoundTrip(r *http.Request) (*http.Response, error) {
	if x := exchangeOf(r.Context()); x != nil && x.valid != nil {
		if err := x.maySend(); err != nil {
			r.Body.Close()
			return nil, err
		}
	}
	return g.RoundTripper.RoundTrip(r)
}

// CloseIdleConnections closes those of the transport, as http.Client does.
func (g gate) CloseIdleConnections() {
	if c, ok := g.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
