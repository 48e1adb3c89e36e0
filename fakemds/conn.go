package fakemds

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// agentIdle is how long an agent keeps a connection that says nothing.
const agentIdle = 15 * time.Second

// nodeConn is a connection to the node, as the ledger sees it.
type nodeConn struct {
	net.Conn
	node    *Node
	entry   *Conn
	mu      sync.Mutex // guards holding
	holding bool       // a request thread
	once    sync.Once
}

func (c *nodeConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.node.ledger.received(c.entry, n)
	return n, err
}

func (c *nodeConn) Close() error {
	c.once.Do(func() {
		c.node.ledger.closed(c.entry)
		c.hold(false)
		c.node.mu.Lock()
		delete(c.node.conns, c)
		c.node.mu.Unlock()
	})
	return c.Conn.Close()
}

// reset cuts the connection as the end of a process does.
func (c *nodeConn) reset() {
	switch raw := c.Conn.(type) {
	case *memConn:
		raw.reset()
	case *net.TCPConn:
		raw.SetLinger(0)
	}
	c.Close()
}

// hold takes or returns a request thread; taking waits for one.
func (c *nodeConn) hold(want bool) {
	if c.node.threads == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case want == c.holding:
	case want:
		select {
		case c.node.threads <- struct{}{}:
			c.holding = true
		case <-c.node.cluster.ctx.Done():
		}
	default:
		<-c.node.threads
		c.holding = false
	}
}

// nodeListener wraps accepted connections for the ledger.
type nodeListener struct {
	net.Listener
	node *Node
}

func (l *nodeListener) Accept() (net.Conn, error) {
	raw, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &nodeConn{Conn: raw, node: l.node, entry: l.node.ledger.opened()}
	l.node.mu.Lock()
	l.node.conns[c] = true
	l.node.mu.Unlock()
	c.node.cluster.work.Add(1) // Done when its goroutine ends
	c.hold(true)               // until it is idle; while there is none the backlog fills
	return c, nil
}

type connKey struct{}

// serve runs the agent's HTTP server on l.
func (n *Node) serve(l net.Listener) {
	server := &http.Server{
		Handler:           n,
		ReadHeaderTimeout: agentIdle,
		IdleTimeout:       agentIdle,
		ErrorLog:          silent,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, c)
		},
		ConnState: func(c net.Conn, state http.ConnState) {
			switch state {
			case http.StateIdle:
				c.(*nodeConn).hold(false)
			case http.StateActive:
				c.(*nodeConn).hold(true)
			case http.StateClosed:
				n.cluster.work.Done()
			}
		},
	}
	n.mu.Lock()
	n.server, n.listener = server, l
	n.mu.Unlock()
	n.cluster.work.Go(func() { server.Serve(&nodeListener{l, n}) })
}
