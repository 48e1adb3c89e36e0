package fakemds

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/zbsclient/zbsclient/fakemds/internal/memnet"
)

// Transport is a way to the nodes without connections, for tests that make very many
// requests. An exchange has the same faults and ledger as behind a connection. What
// belongs to connections does not exist (Node.Conns, WithAgentLimits, the 15 s of
// silence). Callbacks have to go the same way, see HandleCallbacks.
func (c *Cluster) Transport() http.RoundTripper { return transport{c} }

// HandleCallbacks gives the callbacks for a host such as "callback.fake" straight
// to the handler, without a connection.
func (c *Cluster) HandleCallbacks(host string, h http.Handler) {
	c.net.handleCallbacks(host, h)
}

type transport struct{ cluster *Cluster }

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if n := t.cluster.nodeAt(req.URL.Host); n != nil {
		return n.server.roundTrip(req)
	}
	return nil, memnet.Refused(req.URL.Host)
}

func (s *server) roundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	if err := s.reach(ctx, req.URL.Host); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	p := s.process()
	if p == nil {
		return nil, memnet.Refused(req.URL.Host)
	}
	h := &hook{gone: ctx, life: p.life}
	served := *req // the agent knows the request from the wire alone
	served.Host = req.URL.Host
	served.Header = req.Header.Clone()
	served.Header.Set("Content-Length", "set") // present, as on the wire
	x := &exchange{backend: &s.backend, proc: p, conn: h, br: bufio.NewReaderSize(h, 16), log: &connLog{}, req: &served, body: body}
	done := make(chan struct{})
	s.wg.Go(func() {
		defer close(done)
		x.serve()
	})
	select {
	case <-done:
		return h.response(req)
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-h.life.Done():
		return nil, os.NewSyscallError("read", syscall.ECONNRESET)
	}
}

// hook stands where the agent's end of a connection would be: it takes what the
// agent writes.
type hook struct {
	net.Conn // nil: nothing else of it is used
	gone     context.Context
	life     context.Context

	mu    sync.Mutex // guards the fields below
	out   bytes.Buffer
	reset bool
}

func (h *hook) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.out.Write(p)
}

// Read waits until the client leaves or the agent dies: it has sent everything.
func (h *hook) Read([]byte) (int, error) {
	select {
	case <-h.gone.Done():
	case <-h.life.Done():
	}
	return 0, io.EOF
}

func (h *hook) SetReadDeadline(time.Time) error { return nil }

// Close is how the agent cuts a connection, see memnet.Abort.
func (h *hook) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reset = true
	return nil
}

func (h *hook) response(req *http.Request) (*http.Response, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.reset:
		return nil, os.NewSyscallError("read", syscall.ECONNRESET)
	case h.out.Len() == 0:
		return nil, io.EOF
	}
	if resp := wholeResponse(h.out.Bytes(), req); resp != nil {
		return resp, nil
	}
	return http.ReadResponse(bufio.NewReader(bytes.NewReader(h.out.Bytes())), req)
}

// wholeResponse reads what reply.bytes writes, in a fraction of the time that
// net/http takes; nil when a fault cut it.
func wholeResponse(out []byte, req *http.Request) *http.Response {
	head, body, whole := bytes.Cut(out, []byte("\r\n\r\n"))
	_, length, named := bytes.Cut(head, []byte("Content-Length: "))
	if !whole || !named || string(length) != strconv.Itoa(len(body)) {
		return nil
	}
	code, err := strconv.Atoi(string(head[len("HTTP/1.1 "):][:3]))
	if err != nil {
		return nil
	}
	return &http.Response{
		StatusCode: code, Header: http.Header{"Content-Type": {"text/html;charset=utf-8"}},
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}
}
