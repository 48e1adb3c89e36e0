package memnet

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

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
