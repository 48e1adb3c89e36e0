package mds

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

const (
	callbackPath = "/zbsclient/callback"
	// callbackGrace is how long a request may stay unanswered once its
	// callback has arrived, which may overtake the response.
	callbackGrace = 100 * time.Millisecond
)

// task is one asynchronous attempt that waits for its callback.
type task struct {
	id   string
	url  string
	done chan callback // takes one
}

// callback is a result that an agent posted.
type callback struct {
	header http.Header
	body   []byte
	err    error
}

// receiver takes the results that agents post. Each task is registered before
// its request is posted, because the callback may arrive before the response,
// and takes the first result: agents repeat a callback until it is answered.
type receiver struct {
	logger *slog.Logger

	mu       sync.Mutex // guards what follows
	tasks    map[string]*task
	listener net.Listener
	server   *http.Server
	closed   bool
}

// newTaskID returns an id that cannot be guessed: whoever knows it can answer
// in the agent's place.
func newTaskID() string {
	var id [16]byte
	rand.Read(id[:])
	return hex.EncodeToString(id[:])
}

func (r *receiver) register(id, advertised string) *task {
	t := &task{id: id, url: advertised, done: make(chan callback, 1)}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tasks[t.id] = t
	return t
}

func (r *receiver) forget(t *task) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.tasks, t.id)
}

// take returns the task of the id and removes it: a second callback finds none.
func (r *receiver) take(id string) *task {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.tasks[id]
	delete(r.tasks, id)
	return t
}

func (r *receiver) waiting(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tasks[id] != nil
}

// ServeHTTP takes a callback. It reads the body before it takes the task, so
// that a delivery which breaks off leaves the task to the next one.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	id := req.Header.Get(zbs.HeaderTaskID)
	if !r.waiting(id) {
		// Late, repeated, or nobody's. A status would not keep the agent
		// from repeating it; an answer does.
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if req.Method != http.MethodPost {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(io.LimitReader(req.Body, maxAnswer+1))
	if err != nil {
		panic(http.ErrAbortHandler) // close unanswered: the agent delivers again
	}
	cb := callback{header: req.Header, body: body}
	if len(body) > maxAnswer {
		cb.err = fmt.Errorf("%w: callback longer than %d bytes", zbs.ErrMalformed, maxAnswer)
	}
	if t := r.take(id); t != nil {
		t.done <- cb
	}
	w.WriteHeader(http.StatusOK)
}

// start serves the listener, or one on a free port of all interfaces.
func (r *receiver) start(l net.Listener) (net.Addr, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, ErrClosed
	}
	if r.listener != nil {
		return r.listener.Addr(), nil
	}
	if l == nil {
		var err error
		if l, err = net.Listen("tcp", ":0"); err != nil {
			return nil, fmt.Errorf("listen for callbacks: %w", err)
		}
	}
	r.listener = l
	r.server = &http.Server{
		Handler:           r,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       30 * time.Second,
		ErrorLog:          slog.NewLogLogger(r.logger.Handler(), slog.LevelDebug),
	}
	go r.server.Serve(l)
	return l.Addr(), nil
}

// close ends the listener: the one that is served, or the user's, which no
// asynchronous call has needed yet.
func (r *receiver) close(users net.Listener) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	r.closed = true
	if r.server != nil {
		r.listener.Close() // before Close: Serve may not have begun
		return r.server.Close()
	}
	if users != nil {
		return users.Close()
	}
	return nil
}

// callbackURL returns where the node's agent shall post results.
func (c *Caller) callbackURL(ctx context.Context, n *node) (string, error) {
	if c.cfg.mounted {
		return c.cfg.callbackURL, nil
	}
	addr, err := c.receiver.start(c.cfg.listener)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errLocal, err)
	}
	if c.cfg.callbackURL != "" {
		return c.cfg.callbackURL, nil
	}
	hostport := addr.String()
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		ip, err := localAddrTo(ctx, n.addr)
		if err != nil {
			return "", err
		}
		hostport = net.JoinHostPort(ip, strconv.Itoa(tcp.Port))
	}
	return (&url.URL{Scheme: "http", Host: hostport, Path: callbackPath}).String(), nil
}

// localAddrTo returns the local IP that routes to the MDS. Connecting a UDP
// socket asks the routing table and sends nothing.
func localAddrTo(ctx context.Context, addr zbs.Addr) (string, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "udp", addr.HostPort())
	if err != nil {
		return "", bare(err)
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).IP.String(), nil
}

// askAsync sends the request and waits for the agent to post the result.
func (c *Caller) askAsync(ctx context.Context, t *try, o op) result {
	id := newTaskID()
	r := c.askTask(ctx, t, o, id)
	r.task = id
	return r
}

// askTask is askAsync with the task id given.
func (c *Caller) askTask(ctx context.Context, at *try, o op, id string) result {
	n := at.node
	advertised, err := c.callbackURL(ctx, n)
	if err != nil {
		return response{}.failed(PhaseDial, unsent, err).result
	}
	t := c.receiver.register(id, advertised)
	defer c.receiver.forget(t)

	postCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	posted := make(chan response, 1)
	go func() { posted <- c.post(postCtx, at, o, t) }()

	select {
	case cb := <-t.done:
		return c.overtaken(cb, n, o, posted, cancel)
	case resp := <-posted:
		return c.await(ctx, t, n, o, resp)
	}
}

// await waits for the callback of a request whose response has come. A request
// that failed may have been executed all the same: a callback that is there
// already counts.
func (c *Caller) await(ctx context.Context, t *task, n *node, o op, resp response) result {
	if resp.Err != nil {
		select {
		case cb := <-t.done:
			return cb.judge(resp.result, n, o)
		default:
			return resp.result
		}
	}
	select {
	case cb := <-t.done:
		return cb.judge(resp.result, n, o)
	case <-ctx.Done():
		resp.result.Sent = true
		return resp.failed(PhaseCallback, timedOut, callbackTimeout(ctx)).result
	}
}

func callbackTimeout(ctx context.Context) error {
	cause := context.Cause(ctx)
	if limit, ok := cause.(*timeoutError); ok {
		return &timeoutError{what: "received, but no callback", after: limit.after}
	}
	return cause
}

// overtaken waits a little for the response that the callback overtook, so
// that the connection can be used again.
func (c *Caller) overtaken(cb callback, n *node, o op, posted <-chan response, cancel context.CancelFunc) result {
	timer := time.NewTimer(callbackGrace)
	defer timer.Stop()
	select {
	case resp := <-posted:
		return cb.judge(resp.result, n, o)
	case <-timer.C:
		cancel()
		resp := <-posted
		return cb.judge(resp.result, n, o)
	}
}

// judge turns a callback into the outcome of the attempt, whatever became of
// the request's own response.
func (cb callback) judge(r result, n *node, o op) result {
	r = result{Attempt: Attempt{Sent: true, Status: r.Status}}
	if cb.err != nil {
		return response{result: r}.failed(PhaseDecode, faulted, cb.err).result
	}
	return judge(r, n, o, cb.header, cb.body)
}
