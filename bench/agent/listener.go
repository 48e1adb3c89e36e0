package agent

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

// roomy is the backlog of an agent that has no limits.
const roomy = 128

// freePort returns a loopback port below the range that the system uses for outgoing
// connections. While an agent refuses, no process listens on its port. Inside that
// range, a client that dials the port could be connected to itself.
func freePort() (int, error) {
	var err error
	for range 100 {
		port := 20000 + rand.IntN(10000)
		var l net.Listener
		if l, err = listen(port, roomy); err == nil {
			return port, l.Close()
		}
	}
	return 0, fmt.Errorf("no free port: %w", err)
}

// listen listens on loopback with a chosen backlog, which package net does not allow.
func listen(port, backlog int) (net.Listener, error) {
	fd, err := bound(port, backlog)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "listener")
	defer f.Close() // FileListener has a copy
	return net.FileListener(f)
}

// bound returns a listening socket.
func bound(port, backlog int) (int, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		return 0, os.NewSyscallError("socket", err)
	}
	syscall.CloseOnExec(fd)
	err = errors.Join(
		os.NewSyscallError("setsockopt", syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)),
		os.NewSyscallError("bind", syscall.Bind(fd, &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}})),
	)
	if err == nil {
		err = os.NewSyscallError("listen", syscall.Listen(fd, backlog))
	}
	if err != nil {
		syscall.Close(fd)
		return 0, err
	}
	return fd, nil
}

// hole is a port on which connects never complete: no process accepts them, and the
// queue is full already.
type hole struct {
	fd      int
	fillers []net.Conn
}

func dig(port int) (*hole, error) {
	fd, err := bound(port, 0)
	if err != nil {
		return nil, err
	}
	h := &hole{fd: fd}
	for range 10 {
		c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), 50*time.Millisecond)
		switch failed, _ := errors.AsType[net.Error](err); {
		case err == nil:
			h.fillers = append(h.fillers, c)
		case failed != nil && failed.Timeout():
			return h, nil
		default:
			h.close()
			return nil, fmt.Errorf("fill the queue: %w", err)
		}
	}
	h.close()
	return nil, errors.New("the queue never fills")
}

func (h *hole) close() {
	for _, c := range h.fillers {
		c.Close()
	}
	syscall.Close(h.fd)
}

// gate delays everything that passes while it is shut. The zero gate is open.
type gate struct {
	shutUntil atomic.Pointer[chan struct{}] // closed when it opens; nil: open
}

func (g *gate) wait() {
	if opens := g.shutUntil.Load(); opens != nil {
		<-*opens
	}
}

func (g *gate) shut() {
	opens := make(chan struct{})
	g.shutUntil.CompareAndSwap(nil, &opens)
}

func (g *gate) open() {
	if opens := g.shutUntil.Swap(nil); opens != nil {
		close(*opens)
	}
}

// counting wraps the connections that a listener accepts.
type counting struct {
	net.Listener
	counter *counter
	gate    *gate
}

func (l counting) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return newConn(c.(*net.TCPConn), l.counter, l.gate), nil
}
