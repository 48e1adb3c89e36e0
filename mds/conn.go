package mds

import (
	"net"
	"sync/atomic"
)

// conn counts what passes over a connection, which tells how far a failed
// attempt came: whether its request left at all, and whether an answer began.
type conn struct {
	net.Conn
	written     atomic.Int64 // bytes
	read        atomic.Int64 // bytes
	writing     atomic.Bool  // a write is under way
	writeFailed atomic.Bool
}

func (c *conn) Write(b []byte) (int, error) {
	c.writing.Store(true)
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
	return n, err
}
