package wire

import (
	"context"
	"io"
	"net/http"
)

// Do sends the request and reads the response. ctx bounds both, and the dial.
func (s *Slot) Do(ctx context.Context, r Request) (out Response) {
	t := s.begin(ctx, r)
	defer t.end()
	resp, err := s.client.Do(t.http())
	if err != nil {
		if sent, no := t.refusal(); no != nil {
			return Response{Sent: sent, Phase: Withheld, Err: no}
		}
		return Response{Sent: t.sent(err), Dead: t.abandoned, Phase: t.phase(err), Err: Bare(err)}
	}
	defer resp.Body.Close()
	out = Response{Sent: true, Status: resp.StatusCode, Header: resp.Header}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return out // its body is the connection, and ends with no context
	}
	if out.Body, err = io.ReadAll(io.LimitReader(resp.Body, MaxBody+1)); err != nil {
		out.Phase, out.Err = Body, Bare(err)
	}
	return out
}

func (s *Slot) begin(ctx context.Context, r Request) *roundTrip {
	t := &roundTrip{Context: ctx, request: r, cfg: s.cfg, open: s.open, last: &s.last, before: s.last.Load(), retries: s.cfg.Retries}
	if t.before != nil {
		t.written, t.read = t.before.written.Load(), t.before.read.Load()
	}
	if r.Allowed != nil {
		s.gated.Store(t)
	} else {
		s.gated.Store(nil)
	}
	if r.Watcher != nil {
		r.Watcher.Connected(t.before != nil || s.transport == nil) // of a transport of the user's nobody knows
	}
	return t
}
