package fakemds

import (
	"context"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// memNet is a network inside the process: listeners by address. Everything
// blocks on channels alone, so that it works in a testing/synctest bubble.
type memNet struct {
	mu        sync.Mutex // guards listeners
	listeners map[string]*memListener
}

func newMemNet() *memNet { return &memNet{listeners: make(map[string]*memListener)} }

func (m *memNet) listen(addr string) *memListener {
	l := &memListener{net: m, addr: memAddr(addr), queue: make(chan net.Conn), closed: make(chan struct{})}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.listeners[addr] = l
	return l
}

func (m *memNet) find(addr string) *memListener {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.listeners[addr]
}

// dial connects to the listener at addr.
func (m *memNet) dial(ctx context.Context, addr string) (net.Conn, error) {
	l := m.find(addr)
	if l == nil {
		return nil, refused(memAddr(addr))
	}
	client, server := memPipe(memAddr("client.fake:0"), l.addr)
	select {
	case l.queue <- server:
		return client, nil
	case <-l.closed:
		return nil, refused(l.addr)
	case <-ctx.Done():
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: l.addr, Err: context.Cause(ctx)}
	}
}

// refused is what a dial returns where nobody listens.
func refused(addr net.Addr) error {
	return &net.OpError{Op: "dial", Net: "tcp", Addr: addr, Err: syscall.ECONNREFUSED}
}

type memAddr string

func (memAddr) Network() string  { return "tcp" }
func (a memAddr) String() string { return string(a) }

type memListener struct {
	net    *memNet
	addr   memAddr
	queue  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func (l *memListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.queue:
		return c, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.addr, Err: net.ErrClosed}
	}
}

func (l *memListener) Close() error {
	l.once.Do(func() {
		l.net.mu.Lock()
		if l.net.listeners[string(l.addr)] == l {
			delete(l.net.listeners, string(l.addr))
		}
		l.net.mu.Unlock()
		close(l.closed)
	})
	return nil
}

func (l *memListener) Addr() net.Addr { return l.addr }

// memPipe returns the two ends of a connection. Writes are buffered without
// bound, as a socket's are up to its window.
func memPipe(client, server net.Addr) (net.Conn, net.Conn) {
	up, down := newHalf(), newHalf()
	return &memConn{in: down, out: up, local: client, remote: server, readLimit: newDeadline()},
		&memConn{in: up, out: down, local: server, remote: client, readLimit: newDeadline()}
}

// half is one direction of a connection.
type half struct {
	mu      sync.Mutex // guards what follows
	data    []byte
	err     error         // for the reader once data is used up
	refuse  error         // for the writer
	changed chan struct{} // closed at each change
}

func newHalf() *half { return &half{changed: make(chan struct{})} }

// signalLocked wakes the reader; h.mu must be held.
func (h *half) signalLocked() {
	close(h.changed)
	h.changed = make(chan struct{})
}

// end ends the direction: the reader gets readErr behind what was written, the
// writer writeErr. The first end counts.
func (h *half) end(readErr, writeErr error, drop bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err == nil {
		h.err, h.refuse = readErr, writeErr
	}
	if drop {
		h.data = nil
	}
	h.signalLocked()
}

func (h *half) write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.refuse != nil {
		return 0, h.refuse
	}
	h.data = append(h.data, b...)
	h.signalLocked()
	return len(b), nil
}

func (h *half) read(b []byte, limit *deadline) (int, error) {
	for {
		h.mu.Lock()
		switch {
		case limit.passed():
			h.mu.Unlock()
			return 0, os.ErrDeadlineExceeded
		case len(h.data) > 0:
			n := copy(b, h.data)
			h.data = h.data[n:]
			h.mu.Unlock()
			return n, nil
		case h.err != nil:
			h.mu.Unlock()
			return 0, h.err
		}
		changed := h.changed
		h.mu.Unlock()
		select {
		case <-changed:
		case <-limit.wait():
		}
	}
}

type memConn struct {
	in, out       *half
	local, remote net.Addr
	readLimit     *deadline
}

func (c *memConn) Read(b []byte) (int, error) { return c.in.read(b, c.readLimit) }

func (c *memConn) Write(b []byte) (int, error) { return c.out.write(b) }

// Close ends both directions; the other end reads what was written, then EOF.
func (c *memConn) Close() error {
	c.in.end(net.ErrClosed, syscall.EPIPE, false)
	c.out.end(io.EOF, net.ErrClosed, false)
	return nil
}

// reset cuts the connection: the other end loses what it has not read.
func (c *memConn) reset() {
	c.in.end(net.ErrClosed, syscall.ECONNRESET, true)
	c.out.end(syscall.ECONNRESET, net.ErrClosed, true)
}

func (c *memConn) LocalAddr() net.Addr  { return c.local }
func (c *memConn) RemoteAddr() net.Addr { return c.remote }

func (c *memConn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

func (c *memConn) SetReadDeadline(t time.Time) error {
	c.readLimit.set(t)
	return nil
}

// SetWriteDeadline does nothing: a write never blocks.
func (c *memConn) SetWriteDeadline(time.Time) error { return nil }

// deadline is a point in time that can be moved while somebody waits for it.
type deadline struct {
	mu    sync.Mutex // guards what follows
	timer *time.Timer
	done  chan struct{} // closed when the time has come
}

func newDeadline() *deadline { return &deadline{done: make(chan struct{})} }

func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil && !d.timer.Stop() {
		<-d.done // the timer has fired or is about to
	}
	d.timer = nil
	select {
	case <-d.done:
		d.done = make(chan struct{})
	default:
	}
	if t.IsZero() {
		return
	}
	done := d.done
	if wait := time.Until(t); wait > 0 {
		d.timer = time.AfterFunc(wait, func() { close(done) })
	} else {
		close(done)
	}
}

func (d *deadline) wait() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.done
}

func (d *deadline) passed() bool {
	select {
	case <-d.wait():
		return true
	default:
		return false
	}
}
