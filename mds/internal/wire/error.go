package wire

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"time"
)

// TimeoutError is a time-out of ours. It matches os.ErrDeadlineExceeded, not
// context.DeadlineExceeded: that one says that the caller's own context ended.
type TimeoutError struct {
	What  string // that did not happen, such as "no answer"
	After time.Duration
}

// Error returns what did not happen, and within which time.
func (e *TimeoutError) Error() string { return fmt.Sprintf("%s within %v", e.What, e.After) }

// Is matches os.ErrDeadlineExceeded.
func (e *TimeoutError) Is(target error) bool { return target == os.ErrDeadlineExceeded }

// Timeout makes the error a timeout for net.Error.
func (e *TimeoutError) Timeout() bool { return true }

// Bare strips the wrappers that repeat method, URL, address and system call: an
// attempt has address and phase already.
func Bare(err error) error {
	for {
		var inner error
		switch e := err.(type) {
		case *url.Error:
			inner = e.Err
		case *net.OpError:
			inner = e.Err
		case *os.SyscallError:
			inner = e.Err
		}
		if inner == nil {
			return err
		}
		err = inner
	}
}
