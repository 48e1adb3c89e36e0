package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"
)

// connect opens the slot's connection for the round trip in ctx. net/http lets a dial
// go on when its request is cancelled; here it ends with the round trip.
func (s *Slot) connect(ctx context.Context, network, addr string, secure bool) (net.Conn, error) {
	t := roundTripOf(ctx)
	if t == nil {
		return nil, errors.New("wire: a dial without a request")
	}
	if _, no := t.refusal(); no != nil {
		return nil, no // net/http dials again after a write that wrote nothing
	}
	dialCtx, cancel := context.WithTimeoutCause(t.Context, s.cfg.ConnectTimeout,
		&TimeoutError{What: "not connected", After: s.cfg.ConnectTimeout})
	defer cancel()
	t.reach(dialing)
	raw, err := s.cfg.Dial(dialCtx, network, addr)
	if err != nil {
		return nil, causeOf(dialCtx, err)
	}
	if secure {
		t.reach(securing)
		if raw, err = handshake(dialCtx, raw, s.cfg.TLS, addr); err != nil {
			return nil, causeOf(dialCtx, err)
		}
	}
	c := &conn{Conn: raw, allowed: s.allowed, open: s.open}
	s.open.Add(1)
	if !t.adopt(c) {
		s.open.Add(-1)
		raw.Close()
		return nil, context.Cause(t.Context)
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

// allowed asks the request that is written now.
func (s *Slot) allowed() error {
	if t := s.gated.Load(); t != nil {
		return t.allowed()
	}
	return nil
}
