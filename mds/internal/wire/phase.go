package wire

import (
	"errors"
	"net"
)

// phase names how far a round trip came that failed with err.
func (t *roundTrip) phase(err error) Phase {
	if t.cfg.Transport != nil {
		return phaseOfError(err)
	}
	s, c := t.progress()
	switch {
	case s == dialing:
		return Dial
	case s == securing:
		return TLS
	case c == nil:
		return Dial
	case c.writeFailed.Load() || c.writing.Load():
		return Write
	case s == connected && c.written.Load() == 0:
		return Write
	}
	return Wait
}

// phaseOfError guesses the phase where the connections are the user's.
func phaseOfError(err error) Phase {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return Dial
	}
	return Wait
}

// progress returns the stage, and the connection that the round trip used last.
func (t *roundTrip) progress() (stage, *conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.opened != nil {
		return t.stage, t.opened
	}
	return t.stage, t.before
}

// sent reports whether a byte of the request may have reached the MDS, although the
// round trip failed with err.
func (t *roundTrip) sent(err error) bool {
	if t.cfg.Transport != nil {
		return phaseOfError(err) != Dial
	}
	if t.before != nil && (t.before.written.Load() > t.written || t.before.writing.Load()) {
		return true
	}
	t.mu.Lock()
	opened := t.opened
	t.mu.Unlock()
	return opened != nil && (opened.written.Load() > 0 || opened.writing.Load())
}

// reusedDead reports whether the round trip failed because the MDS had closed the
// reused connection: it took the request and not one byte came back.
func (t *roundTrip) reusedDead() bool {
	s, c := t.progress()
	return s == reusing && c != nil && c.read.Load() == t.read
}
