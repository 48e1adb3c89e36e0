package wire

import "net/http"

// allowed asks the request's Allowed before the first byte is written. A yes holds
// until the request is repeated, a no for ever.
func (t *roundTrip) allowed() error {
	t.mu.Lock()
	permit, err := t.permit, t.refused
	t.mu.Unlock()
	if permit == granted || err != nil {
		return err
	}
	err = t.request.Allowed()
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.refused != nil:
	case err != nil:
		t.refused = err
	default:
		t.permit = granted
	}
	return t.refused
}

// askAgain makes the next request of the round trip ask again.
func (t *roundTrip) askAgain() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.permit == granted {
		t.permit = expired
	}
}

// refusal returns the error of Allowed that kept a request from being written, nil if
// there is none, and whether a request before it was allowed.
func (t *roundTrip) refusal() (sent bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.permit != unasked, t.refused
}

// gate is a transport of the user's behind Allowed: it makes connections itself, so
// Allowed is asked before it begins.
type gate struct{ http.RoundTripper }

// RoundTrip sends the request if it is still allowed.
func (g gate) RoundTrip(r *http.Request) (*http.Response, error) {
	if t := roundTripOf(r.Context()); t != nil && t.request.Allowed != nil {
		if err := t.allowed(); err != nil {
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
