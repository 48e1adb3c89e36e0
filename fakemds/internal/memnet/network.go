// Package memnet is a network inside the process, for tests on virtual time.
//
// It blocks only on conditions and channels, never on a socket, so a
// testing/synctest bubble sees when everything waits. A write never blocks: its
// bytes wait in memory for the reader.
package memnet

import (
	"context"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
)

// Network is a network of its own, apart from every other one. Safe for concurrent
// use. The zero Network is not usable: make one with New.
type Network struct {
	mu        sync.Mutex // guards the fields below
	listeners map[string]*Listener
	ports     int
}

// New returns an empty network.
func New() *Network { return &Network{listeners: map[string]*Listener{}, ports: 40000} }

// Port returns a port that it never returned before.
func (m *Network) Port() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ports++
	return m.ports
}

// Listen opens a listener at the address, "host:port". The error matches
// syscall.EADDRINUSE when the address has one.
func (m *Network) Listen(addr string) (*Listener, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.listeners[addr] != nil {
		return nil, &net.OpError{Op: "listen", Net: "tcp", Addr: address(addr), Err: os.NewSyscallError("bind", syscall.EADDRINUSE)}
	}
	l := &Listener{net: m, addr: address(addr), queue: make(chan net.Conn, 512), done: make(chan struct{})}
	m.listeners[addr] = l
	return l, nil
}

// Dial connects to the listener of the address. The error is a *net.OpError: it
// matches syscall.ECONNREFUSED when nothing listens there, and the error of ctx when
// that ends first.
func (m *Network) Dial(ctx context.Context, addr string) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, DialError(addr, err)
	}
	m.mu.Lock()
	l := m.listeners[addr]
	m.mu.Unlock()
	if l == nil {
		return nil, Refused(addr)
	}
	local := address(fmt.Sprintf("client.fake:%d", m.Port()))
	near, far := pipe(local, l.addr)
	select {
	case <-l.done:
		return nil, Refused(addr)
	case l.queue <- far:
		return near, nil
	case <-ctx.Done():
		return nil, DialError(addr, ctx.Err())
	}
}

// Listener is a listener of a Network. Safe for concurrent use.
type Listener struct {
	net   *Network
	addr  address
	queue chan net.Conn
	once  sync.Once
	done  chan struct{}
}

// Accept implements net.Listener. After Close it returns net.ErrClosed.
func (l *Listener) Accept() (net.Conn, error) {
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

// Addr implements net.Listener.
func (l *Listener) Addr() net.Addr { return l.addr }

// Close refuses every later connect and resets the connections that were not
// accepted.
func (l *Listener) Close() error {
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
				Abort(c)
			default:
				return
			}
		}
	})
	return nil
}
