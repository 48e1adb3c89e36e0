// Package callback receives the results that agents post for asynchronous commands.
package callback

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// Path is the path of the URL that a Receiver with a listener advertises.
const Path = "/zbsclient/callback"

// ErrClosed is the error of a Receiver that was closed.
var ErrClosed = errors.New("caller is closed")

// Config says where results arrive. The zero Config listens on a free port of all
// interfaces, and logs nothing.
type Config struct {
	Listener net.Listener // closed with the Receiver; nil: a free port of all interfaces
	URL      string       // advertised in place of the listener's address
	Mounted  bool         // the user serves the Receiver at URL, no listener is opened
	MaxBody  int64        // longest result, in bytes
	Logger   *slog.Logger // of the HTTP server; nil: the standard logger
}

// Task is one asynchronous attempt that waits for its result.
type Task struct {
	ID, URL string      // what the agent is told
	Done    chan Result // takes one
}

// Result is what an agent posted. Err wraps zbs.ErrMalformed for one that is too
// long.
type Result struct {
	Header http.Header
	Body   []byte
	Err    error
}

// Receiver hands each posted result to its task. A task is registered before its
// request is posted, because the callback may arrive before the response. It takes
// the first result: agents repeat a callback until it is answered. A Receiver is safe
// for concurrent use; New makes one.
type Receiver struct {
	cfg Config

	mu       sync.Mutex // guards tasks, listener, server and closed
	tasks    map[string]*Task
	listener net.Listener
	server   *http.Server
	closed   bool
}

// New returns a Receiver, which listens from the first Listen on.
func New(cfg Config) *Receiver { return &Receiver{cfg: cfg, tasks: make(map[string]*Task)} }

// NewTaskID returns 128 random bits in hex. An id must not be guessable: a sender
// that knows it can answer in the agent's place.
func NewTaskID() string {
	var id [16]byte
	rand.Read(id[:])
	return hex.EncodeToString(id[:])
}

// Register waits for the result of the task, which the agent posts to the URL.
func (r *Receiver) Register(id, url string) *Task {
	t := &Task{ID: id, URL: url, Done: make(chan Result, 1)}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tasks[id] = t
	return t
}

// Forget ends the wait: a later result is answered with 404.
func (r *Receiver) Forget(t *Task) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.tasks, t.ID)
}

// take returns the task of the id and removes it: a second callback finds none.
func (r *Receiver) take(id string) *Task {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.tasks[id]
	delete(r.tasks, id)
	return t
}

func (r *Receiver) waiting(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tasks[id] != nil
}

// ServeHTTP takes a callback. It reads the body before it takes the task, so a
// delivery that breaks off leaves the task to the next one.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	id := req.Header.Get(zbs.HeaderTaskID)
	if !r.waiting(id) {
		// Late, repeated or unknown. Any answer keeps the agent from repeating
		// it, whatever the status.
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if req.Method != http.MethodPost {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(io.LimitReader(req.Body, r.cfg.MaxBody+1))
	if err != nil {
		panic(http.ErrAbortHandler) // close unanswered: the agent delivers again
	}
	result := Result{Header: req.Header, Body: body}
	if int64(len(body)) > r.cfg.MaxBody {
		result.Err = fmt.Errorf("%w: callback longer than %d bytes", zbs.ErrMalformed, r.cfg.MaxBody)
	}
	if t := r.take(id); t != nil {
		t.Done <- result
	}
	w.WriteHeader(http.StatusOK)
}

// Listen serves callbacks, unless the user does. It may be called before each task;
// the first call opens the listener. The error is ErrClosed, or that of listening.
func (r *Receiver) Listen() error {
	if r.cfg.Mounted {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return ErrClosed
	}
	if r.listener != nil {
		return nil
	}
	l := r.cfg.Listener
	if l == nil {
		var err error
		if l, err = net.Listen("tcp", ":0"); err != nil {
			return fmt.Errorf("listen for callbacks: %w", err)
		}
	}
	r.listener = l
	r.server = &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 30 * time.Second}
	if r.cfg.Logger != nil {
		r.server.ErrorLog = slog.NewLogLogger(r.cfg.Logger.Handler(), slog.LevelDebug)
	}
	go r.server.Serve(l)
	return nil
}

// Close stops listening. It also closes the Config's listener when no Listen has
// used it. It may be called several times.
func (r *Receiver) Close() error {
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
	if r.cfg.Listener != nil {
		return r.cfg.Listener.Close()
	}
	return nil
}
