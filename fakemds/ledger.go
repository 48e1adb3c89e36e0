package fakemds

import (
	"net/http"
	"sync"
	"time"
)

// Request is an entry of the ledger: one request that reached a node.
type Request struct {
	Endpoint string // such as "volume/clients"; the whole path when there is no such endpoint
	Method   string
	Header   http.Header
	Body     []byte
	TaskID   string // empty for a synchronous request
	Conn     int    // the connection it came over
	Time     time.Time
	Executed int // how often it was executed
	Status   int // the HTTP status it was answered with, 0 for none
}

// Conn is an entry of the connection ledger.
type Conn struct {
	ID       int
	Opened   time.Time
	Closed   time.Time     // zero while it is open
	Received int64         // bytes
	Silent   time.Duration // how long it was open before it said anything
}

// ledger is what one node saw.
type ledger struct {
	mu       sync.Mutex // guards what follows
	requests []*Request
	conns    []*Conn
	open     int
	most     int // connections open at once
}

func (l *ledger) add(r *Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests = append(l.requests, r)
}

func (l *ledger) executed(r *Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r.Executed++
}

func (l *ledger) answered(r *Request, status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r.Status = status
}

func (l *ledger) copyRequests() []Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]Request, len(l.requests))
	for i, r := range l.requests {
		out[i] = *r
	}
	return out
}

func (l *ledger) opened() *Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := &Conn{ID: len(l.conns), Opened: time.Now()}
	l.conns = append(l.conns, c)
	l.open++
	l.most = max(l.most, l.open)
	return c
}

func (l *ledger) received(c *Conn, n int) {
	if n == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.Received == 0 {
		c.Silent = time.Since(c.Opened)
	}
	c.Received += int64(n)
}

func (l *ledger) closed(c *Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !c.Closed.IsZero() {
		return
	}
	c.Closed = time.Now()
	l.open--
	if c.Received == 0 {
		c.Silent = c.Closed.Sub(c.Opened)
	}
}

// copyConns returns the connections; one that has said nothing yet is silent
// until now.
func (l *ledger) copyConns() []Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]Conn, len(l.conns))
	for i, c := range l.conns {
		out[i] = *c
		if c.Received == 0 && c.Closed.IsZero() {
			out[i].Silent = time.Since(c.Opened)
		}
	}
	return out
}
