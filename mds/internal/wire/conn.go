package wire

import (
	"crypto/tls"
	"net"
	"sync/atomic"
)

// conn counts what passes over a connection, which tells how far a failed round trip
// came: whether its request left at all, and whether an answer began.
type conn struct {
	net.Conn
	allowed     func() error  // asked before each write
	open        *atomic.Int32 // counts the connections
	closed      atomic.Bool
	written     atomic.Int64 // bytes
	read        atomic.Int64 // bytes
	writing     atomic.Bool  // a write is under way
	writeFailed atomic.Bool
	unanswered  atomic.Bool // nothing was read since something was written
}

func (c *conn) Write(b []byte) (int, error) {
	if err := c.allowed(); err != nil {
		return 0, err
	}
	c.writing.Store(true)
	c.unanswered.Store(true)
	n, err := c.Conn.Write(b)
	c.writing.Store(false)
	c.written.Add(int64(n))
	if err != nil {
		c.writeFailed.Store(true)
	}
	return n, err
}

func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.read.Add(int64(n))
	if n > 0 {
		c.unanswered.Store(false)
	}
	return n, err
}

// Close ends the connection, and with a reset when a request was given up:
// otherwise the kernel would go on delivering what a partition held back, and
// the agent would execute it minutes after the caller looked what has happened.
func (c *conn) Close() error {
	if !c.closed.Swap(true) {
		c.open.Add(-1)
	}
	if c.unanswered.Load() {
		inner := c.Conn
		if secured, ok := inner.(*tls.Conn); ok {
			inner = secured.NetConn()
		}
		if tcp, ok := inner.(*net.TCPConn); ok {
			tcp.SetLinger(0)
		}
	}
	return c.Conn.Close()
}
