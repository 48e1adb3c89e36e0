package memnet

import (
	"errors"
	"io"
	"net"
	"time"
)

// conn is one end of a connection. Safe for concurrent use, like net.Conn.
type conn struct {
	in, out       *stream
	local, remote address
}

func pipe(client, server address) (near, far *conn) {
	up, down := newStream(), newStream()
	return &conn{in: down, out: up, local: client, remote: server},
		&conn{in: up, out: down, local: server, remote: client}
}

func (c *conn) wrap(op string, n int, err error) (int, error) {
	if err == nil || err == io.EOF {
		return n, err
	}
	return n, &net.OpError{Op: op, Net: "tcp", Source: c.local, Addr: c.remote, Err: err}
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.in.read(p)
	return c.wrap("read", n, err)
}

func (c *conn) Write(p []byte) (int, error) {
	n, err := c.out.write(p)
	return c.wrap("write", n, err)
}

// Close lets the peer read what was written, then end of file.
func (c *conn) Close() error {
	c.SetReadDeadline(time.Time{}) // stops its timer
	c.in.change(func() { c.in.noReader = true; c.in.buf = nil })
	c.out.change(func() { c.out.noWriter = true })
	return nil
}

// abort cuts the connection: the peer gets ECONNRESET, unread bytes are lost.
func (c *conn) abort() {
	c.SetReadDeadline(time.Time{})
	c.out.change(func() { c.out.reset = true; c.out.buf = nil })
	c.in.change(func() { c.in.reset = true; c.in.buf = nil })
}

func (c *conn) LocalAddr() net.Addr  { return c.local }
func (c *conn) RemoteAddr() net.Addr { return c.remote }

func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.in.setDeadline(t)
	return nil
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	c.out.change(func() { c.out.writeBy = t })
	return nil
}

// Abort cuts a connection as a dying process or a lost network does: the peer gets
// ECONNRESET. It takes a connection of a Network or of TCP. Any other one it closes.
func Abort(c net.Conn) {
	switch c := c.(type) {
	case *conn:
		c.abort()
	case *net.TCPConn:
		c.SetLinger(0) // a reset instead of an orderly end
		c.Close()
	default:
		c.Close()
	}
}
