package fakemds

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

// memNet is a network inside the process. It blocks only on conditions and
// channels, never on a socket, so a synctest bubble can see when everybody
// waits. A write never blocks: what was written waits in memory for the reader.
type memNet struct {
	mu        sync.Mutex // guards the fields below
	listeners map[string]*memListener
	ports     int
}

func newMemNet() *memNet { return &memNet{listeners: map[string]*memListener{}, ports: 40000} }

// memAddr is "host:port" on a memNet.
type memAddr string

func (memAddr) Network() string  { return "tcp" }
func (a memAddr) String() string { return string(a) }

func (m *memNet) port() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ports++
	return m.ports
}

func (m *memNet) listen(addr string) (*memListener, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.listeners[addr] != nil {
		return nil, &net.OpError{Op: "listen", Net: "tcp", Addr: memAddr(addr), Err: os.NewSyscallError("bind", syscall.EADDRINUSE)}
	}
	l := &memListener{net: m, addr: memAddr(addr), queue: make(chan net.Conn, 512), done: make(chan struct{})}
	m.listeners[addr] = l
	return l, nil
}

func (m *memNet) dial(ctx context.Context, addr string) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, dialError(addr, err)
	}
	m.mu.Lock()
	l := m.listeners[addr]
	m.mu.Unlock()
	if l == nil {
		return nil, refused(addr)
	}
	local := memAddr(fmt.Sprintf("client.fake:%d", m.port()))
	near, far := memPipe(local, l.addr)
	select {
	case <-l.done:
		return nil, refused(addr)
	case l.queue <- far:
		return near, nil
	case <-ctx.Done():
		return nil, dialError(addr, ctx.Err())
	}
}

func dialError(addr string, err error) error {
	return &net.OpError{Op: "dial", Net: "tcp", Addr: memAddr(addr), Err: err}
}

func refused(addr string) error {
	return dialError(addr, os.NewSyscallError("connect", syscall.ECONNREFUSED))
}

// inMemory tells whether addr can only be a host of a memNet.
func inMemory(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	return err == nil && strings.HasSuffix(host, ".fake")
}

type memListener struct {
	net   *memNet
	addr  memAddr
	queue chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func (l *memListener) Accept() (net.Conn, error) {
	select {
	case <-l.done:
		return nil, net.ErrClosed
	default:
	}
	select {
	case c := <-l.queue:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *memListener) Addr() net.Addr { return l.addr }

// Close refuses whoever comes next and resets who was never accepted.
func (l *memListener) Close() error {
	l.once.Do(func() {
		l.net.mu.Lock()
		if l.net.listeners[string(l.addr)] == l {
			delete(l.net.listeners, string(l.addr))
		}
		l.net.mu.Unlock()
		close(l.done)
		for {
			select {
			case c := <-l.queue:
				abort(c)
			default:
				return
			}
		}
	})
	return nil
}

// stream is one direction of a connection.
type stream struct {
	mu       sync.Mutex // guards the fields below
	cond     *sync.Cond
	buf      []byte
	reset    bool // cut: neither side may go on
	noWriter bool
	noReader bool
	deadline time.Time // of reads
	timer    *time.Timer
	writeBy  time.Time // deadline of writes
}

func newStream() *stream {
	s := &stream{}
	s.cond = sync.NewCond(&s.mu)
	return s
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.noReader:
			return 0, net.ErrClosed
		case s.reset:
			return 0, os.NewSyscallError("read", syscall.ECONNRESET)
		case !s.deadline.IsZero() && !time.Now().Before(s.deadline):
			return 0, os.ErrDeadlineExceeded
		case len(p) == 0:
			return 0, nil
		case len(s.buf) > 0:
			n := copy(p, s.buf)
			s.buf = s.buf[n:]
			return n, nil
		case s.noWriter:
			return 0, io.EOF
		}
		s.cond.Wait()
	}
}

func (s *stream) write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.noWriter:
		return 0, net.ErrClosed
	case s.reset:
		return 0, os.NewSyscallError("write", syscall.ECONNRESET)
	case s.noReader:
		return 0, os.NewSyscallError("write", syscall.EPIPE)
	case !s.writeBy.IsZero() && !time.Now().Before(s.writeBy):
		return 0, os.ErrDeadlineExceeded
	}
	s.buf = append(s.buf, p...)
	s.cond.Broadcast()
	return len(p), nil
}

func (s *stream) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	s.cond.Broadcast()
}

func (s *stream) setDeadline(t time.Time) {
	s.change(func() {
		s.deadline = t
		if s.timer != nil {
			s.timer.Stop()
			s.timer = nil
		}
		if !t.IsZero() {
			s.timer = time.AfterFunc(time.Until(t), func() { s.change(func() {}) })
		}
	})
}

// memConn is one end of a connection. Safe for concurrent use, like net.Conn.
type memConn struct {
	in, out       *stream
	local, remote memAddr
}

func memPipe(client, server memAddr) (near, far *memConn) {
	up, down := newStream(), newStream()
	return &memConn{in: down, out: up, local: client, remote: server},
		&memConn{in: up, out: down, local: server, remote: client}
}

func (c *memConn) wrap(op string, n int, err error) (int, error) {
	if err == nil || err == io.EOF {
		return n, err
	}
	return n, &net.OpError{Op: op, Net: "tcp", Source: c.local, Addr: c.remote, Err: err}
}

func (c *memConn) Read(p []byte) (int, error) {
	n, err := c.in.read(p)
	return c.wrap("read", n, err)
}

func (c *memConn) Write(p []byte) (int, error) {
	n, err := c.out.write(p)
	return c.wrap("write", n, err)
}

// Close lets the peer read what was written, then end of file.
func (c *memConn) Close() error {
	c.SetReadDeadline(time.Time{}) // stops its timer
	c.in.change(func() { c.in.noReader = true; c.in.buf = nil })
	c.out.change(func() { c.out.noWriter = true })
	return nil
}

// abort cuts the connection: the peer gets ECONNRESET, unread bytes are lost.
func (c *memConn) abort() {
	c.SetReadDeadline(time.Time{})
	c.out.change(func() { c.out.reset = true; c.out.buf = nil })
	c.in.change(func() { c.in.reset = true; c.in.buf = nil })
}

func (c *memConn) LocalAddr() net.Addr  { return c.local }
func (c *memConn) RemoteAddr() net.Addr { return c.remote }

func (c *memConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

func (c *memConn) SetReadDeadline(t time.Time) error {
	c.in.setDeadline(t)
	return nil
}

func (c *memConn) SetWriteDeadline(t time.Time) error {
	c.out.change(func() { c.out.writeBy = t })
	return nil
}

// abort ends a connection as a dying process or a lost network would.
func abort(c net.Conn) {
	switch c := c.(type) {
	case *memConn:
		c.abort()
	case *net.TCPConn:
		c.SetLinger(0) // a reset instead of an orderly end
		c.Close()
	default:
		c.Close()
	}
}
