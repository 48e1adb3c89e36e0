package fakemds

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"

	"github.com/zbsclient/zbsclient/fakemds/internal/memnet"
)

// listener is an address of a node. The node's agent is the same behind each.
type listener struct {
	addr string       // constant from listenAt or alias on
	ln   net.Listener // nil: closed; guarded by the server's mutex
}

// serverState is what a server does with connects.
type serverState int

const (
	serving serverState = iota
	stopped             // it refuses connects, until start
	closed              // it refuses connects for good
)

// server accepts the connections of a node and serves them. Safe for concurrent use.
type server struct {
	backend
	threads threads
	backlog backlog
	index   int    // of the node
	addr    string // of the node; constant from listenAt on

	mu        sync.Mutex // guards the fields below, never held while waiting
	state     serverState
	listeners []*listener
	proc      *process
	live      map[net.Conn]bool
}

// listenAt opens the first listener of the server, whose port may be 0.
func (s *server) listenAt(addr string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, err := s.addListenerLocked(addr)
	if err != nil {
		return err
	}
	s.addr, s.ledger.node = l.addr, l.addr
	return nil
}

// alias opens one more listener and returns its address.
func (s *server) alias() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == closed {
		return "", errClosed
	}
	addr := fmt.Sprintf("mds-%d-alias-%d.fake:7763", s.index, len(s.listeners))
	if s.net.loopback {
		addr = "127.0.0.1:0"
	}
	l, err := s.addListenerLocked(addr)
	if err != nil {
		return "", err
	}
	if !s.listensLocked() {
		s.unlistenLocked()
	}
	return l.addr, nil
}

func (s *server) addListenerLocked(addr string) (*listener, error) {
	l := &listener{addr: addr}
	if err := s.openLocked(l); err != nil {
		return nil, err
	}
	l.addr = l.ln.Addr().String() // with the port
	s.listeners = append(s.listeners, l)
	return l, nil
}

func (s *server) openLocked(l *listener) error {
	ln, err := s.net.listen(l.addr)
	if err != nil {
		return fmt.Errorf("fakemds: node %d: %w", s.index, err)
	}
	l.ln = ln
	s.wg.Go(func() { s.accept(l, ln) })
	return nil
}

// listensLocked reports whether the listeners are to be open. The kernel refuses real
// connects while a Refuse without a limit is there.
func (s *server) listensLocked() bool {
	return s.state == serving && !(s.net.loopback && s.faults.refuses())
}

// listenLocked opens the listeners that are closed, if they are to be open.
func (s *server) listenLocked() error {
	if !s.listensLocked() {
		return nil
	}
	var errs []error
	for _, l := range s.listeners {
		if l.ln == nil {
			errs = append(errs, s.openLocked(l))
		}
	}
	return errors.Join(errs...)
}

func (s *server) unlistenLocked() {
	for _, l := range s.listeners {
		if l.ln != nil {
			shutdown(l.ln)
			l.ln.Close()
			l.ln = nil
		}
	}
}

// faultsChanged opens and closes real listeners as the faults say.
func (s *server) faultsChanged() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.net.loopback && s.faults.refuses() {
		s.unlistenLocked()
		return nil
	}
	return s.listenLocked()
}

// start makes a process after stop.
func (s *server) start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != stopped {
		return nil
	}
	s.state, s.proc = serving, newProcess()
	return s.listenLocked()
}

// stop ends the process: its connections are cut and its work is lost.
func (s *server) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endLocked(stopped)
}

// close stops the server for good and waits for all goroutines of the node.
func (s *server) close() {
	s.mu.Lock()
	s.endLocked(closed)
	s.mu.Unlock()
	s.wg.Wait()
}

func (s *server) endLocked(state serverState) {
	s.state = max(s.state, state) // closed stays
	s.proc.die()
	s.unlistenLocked()
	s.cutLocked()
}

// cut cuts all connections.
func (s *server) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cutLocked()
}

func (s *server) cutLocked() {
	for c := range s.live {
		memnet.Abort(c)
	}
}

// process returns the process, nil when none runs.
func (s *server) process() *process {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != serving {
		return nil
	}
	return s.proc
}

// is reports whether the server is in the state.
func (s *server) is(state serverState) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state == state
}

// hasAddr reports whether the address is one of the node's.
func (s *server) hasAddr(addr string) bool {
	if s.addr == addr {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.listeners, func(l *listener) bool { return l.addr == addr })
}

func (s *server) accept(l *listener, ln net.Listener) {
	for {
		raw, err := ln.Accept()
		if err != nil {
			return
		}
		c := s.admit(l, ln, raw)
		if c == nil {
			memnet.Abort(raw)
			continue
		}
		s.wg.Go(func() {
			c.serve()
			s.forget(c)
		})
	}
}

// admit makes a connection of what was accepted, nil when it is refused.
func (s *server) admit(l *listener, ln net.Listener, raw net.Conn) *conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != serving || l.ln != ln {
		return nil
	}
	// A program that does not dial through Cluster.DialContext meets Refuse here.
	if s.net.loopback && s.faults.take("", func(f Fault) bool { return f.kind == refuse }).has(refuse) {
		return nil
	}
	s.live[raw] = true
	return &conn{
		Conn: raw, backend: &s.backend, proc: s.proc, threads: s.threads,
		log: s.ledger.opened(raw.RemoteAddr().String()),
	}
}

// forget enters the end of a connection.
func (s *server) forget(c *conn) {
	s.mu.Lock()
	delete(s.live, c.Conn)
	s.mu.Unlock()
	s.ledger.closed(c.log)
}
