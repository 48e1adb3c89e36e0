package fakemds

import (
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Request is one request that reached a node, as far as the node got with it.
type Request struct {
	ID       int    // counts all requests of the cluster from 1
	Node     string // address of the node
	Conn     int    // ID of the connection it came over
	Endpoint string // like "volume/clients"; "" when there is no such path
	Method   string
	Path     string // as sent, with the query string
	Header   http.Header
	Body     []byte
	TaskID   string
	At       time.Time
	Faults   []string // what acted on it

	// Probe says that the agent refused the request before it was a task, so that it
	// did no harm. A probe lacks the headers taskuuid and callbackurl and goes to a
	// path that is asynchronous or that the agent does not have, which gets 400 or 404.
	// Or it goes to volume/clients with a form-encoded body, which gets 400.
	Probe bool
	// DidNothing says that the handler answered success and changed nothing, although
	// the endpoint is there to change something: what the request names is missing, is
	// in the wanted state already, or was misread. A request to skip what exists that
	// names exactly that does not count.
	DidNothing bool

	Executed  bool   // the handler ran; at most once for each request
	Dropped   bool   // its task id was in flight: accepted and ignored
	Failure   string // the error the handler answered, "" for success
	Status    int    // HTTP status of the reply, 0 when none was sent
	Answered  bool   // the reply was written in full
	Callbacks int    // callbacks sent, redeliveries included
}

// Conn is one connection to a node.
type Conn struct {
	ID       int // counts all connections of the cluster from 1
	Node     string
	Remote   string
	Opened   time.Time
	Closed   time.Time // zero while it is open
	Bytes    int64     // received
	Requests int

	// Silent is the time from opening the connection to its first byte, or to its end,
	// or to now. A connection that never sends holds one of the agent's ten threads for
	// 15 s.
	Silent time.Duration
}

// connLog is the entry of a connection in a ledger, whose mutex guards it.
type connLog struct {
	Conn
	firstByte time.Time
}

// snapshot is the connection as it is now.
func (l *connLog) snapshot() Conn {
	c := l.Conn
	end := l.firstByte
	if end.IsZero() {
		end = l.Closed
	}
	if end.IsZero() {
		end = time.Now()
	}
	c.Silent = end.Sub(l.Opened)
	return c
}

// ids numbers the requests and connections of a cluster from 1.
type ids struct{ requests, conns atomic.Int64 }

// ledger is what reached one node. Safe for concurrent use.
type ledger struct {
	node string // its address
	ids  *ids   // of the cluster

	mu       sync.Mutex // guards the fields below, and the requests and conns themselves
	requests []*Request
	conns    []*connLog
	open     int // conns that are
	mostOpen int
	harm     []Harm
}

// opened enters a connection.
func (l *ledger) opened(remote string) *connLog {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := &connLog{Conn: Conn{ID: int(l.ids.conns.Add(1)), Node: l.node, Remote: remote, Opened: time.Now()}}
	l.conns = append(l.conns, c)
	l.open++
	l.mostOpen = max(l.mostOpen, l.open)
	return c
}

// received notes n bytes that arrived over the connection.
func (l *ledger) received(c *connLog, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.Bytes == 0 {
		c.firstByte = time.Now()
	}
	c.Bytes += int64(n)
}

// closed notes the end of the connection.
func (l *ledger) closed(c *connLog) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.Closed = time.Now()
	l.open--
}

// enter enters a request that came over the connection and gives it a number.
func (l *ledger) enter(r *Request, c *connLog) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r.ID, r.Node, r.Conn, r.At = int(l.ids.requests.Add(1)), l.node, c.ID, time.Now()
	c.Requests++
	l.requests = append(l.requests, r)
}

// change changes the entry of a request.
func (l *ledger) change(r *Request, f func(*Request)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f(r)
}

// harmed enters harm that the request did.
func (l *ledger) harmed(r *Request, endpoint string, what ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range what {
		l.harm = append(l.harm, Harm{Node: l.node, Endpoint: endpoint, Request: r.ID, What: w, At: time.Now()})
	}
}

// reset forgets all but the connections that are open.
func (l *ledger) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests, l.harm = nil, nil
	l.conns = slices.DeleteFunc(l.conns, func(c *connLog) bool { return !c.Closed.IsZero() })
	l.mostOpen = l.open
}
