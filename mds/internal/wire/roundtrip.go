package wire

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/go-retryablehttp"
)

// Request is what one attempt sends.
type Request struct {
	Template   *http.Request // method, URL and header; it is not changed
	Header     http.Header   // in place of the Template's; nil: that one
	Body       []byte
	Repeatable bool         // it may be sent to the same MDS again after a transport fault
	AnyServer  bool         // it may be repeated also when the server may be another one by then
	Allowed    func() error // asked before the first byte of each request; nil: it may always be sent
	Watcher    Watcher      // nil: nothing is told
}

// Watcher is told how far a request has come. Connected is called from the goroutine of
// a dial with a lock held: it must return at once.
type Watcher interface {
	// Connected says whether there is a connection, so that the request may be on its
	// way. It turns false when a reused connection turns out dead.
	Connected(yes bool)
}

// stage is how far the connection of a round trip has come.
type stage uint8

const (
	reusing stage = iota // a connection that was there already, or none yet
	dialing
	securing
	connected
	ended
)

// permit is what the request's Allowed has said.
type permit uint8

const (
	unasked permit = iota
	granted        // for the request that goes out now
	expired        // for a request before that
)

// roundTrip is one use of a slot: a request, its repetitions and the response. It is
// the context of the request, because net/http hands nothing else to a dial.
type roundTrip struct {
	context.Context
	request   Request
	cfg       *Config
	last      *atomic.Pointer[conn] // of the slot
	before    *conn                 // the slot's connection when the round trip began
	written   int64                 // its counters then
	read      int64
	open      *atomic.Int32 // connections of all slots
	revived   bool          // the quick repetition after a dead connection was used
	abandoned bool          // there was none, because the server may be another one by now
	retries   int

	mu      sync.Mutex // guards what follows
	stage   stage
	opened  *conn // the connection opened last
	permit  permit
	refused error // of Allowed
}

type roundTripKey struct{}

func roundTripOf(ctx context.Context) *roundTrip {
	t, _ := ctx.Value(roundTripKey{}).(*roundTrip)
	return t
}

// Value returns the round trip itself for its key.
func (t *roundTrip) Value(key any) any {
	if _, mine := key.(roundTripKey); mine {
		return t
	}
	return t.Context.Value(key)
}

// http returns the request as net/http takes it.
func (t *roundTrip) http() *retryablehttp.Request {
	req := t.request.Template.WithContext(t)
	if t.request.Header != nil {
		req.Header = t.request.Header
	}
	body := t.request.Body
	req.ContentLength = int64(len(body))
	req.Body = newBody(body)
	req.GetBody = func() (io.ReadCloser, error) { return newBody(body), nil }
	return &retryablehttp.Request{Request: req}
}

// newBody is a body that net/http knows to be in memory; it would send the header of
// any other in a packet of its own.
func newBody(b []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(b)) }

// reach notes how far the connection has come.
func (t *roundTrip) reach(s stage) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stage != ended {
		t.reachLocked(s)
	}
}

func (t *roundTrip) reachLocked(s stage) {
	t.stage = s
	if t.request.Watcher != nil {
		t.request.Watcher.Connected(s == connected)
	}
}

// adopt makes c the connection of the round trip and its slot, unless the round trip
// has ended.
func (t *roundTrip) adopt(c *conn) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stage == ended {
		return false
	}
	t.opened = c
	t.last.Store(c)
	t.reachLocked(connected)
	return true
}

// end ends the round trip: a connection that its dial still brings is closed, for the
// slot's next round trip would not know it. One that it opened and sent nothing on is
// closed by go-retryablehttp, which gives up without it.
func (t *roundTrip) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stage = ended
}
