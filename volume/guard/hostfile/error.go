package hostfile

import (
	"fmt"
	"strings"
)

// Error is one mistake in an inventory. The functions of this package join all the
// mistakes that they find, so errors.As returns the first.
type Error struct {
	File string // the name that Parse, Read or Decode got
	Line int    // counted from 1; 0 for the file as a whole
	Host string // the name of the host, or its place in the list, such as "#3"; empty if the mistake is in no host
	Err  error  // what is wrong
}

// Error returns FILE:LINE: host NAME: what is wrong.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	if e.Host != "" {
		fmt.Fprintf(&b, ": host %s", e.Host)
	}
	fmt.Fprintf(&b, ": %v", e.Err)
	return b.String()
}

// Unwrap returns what is wrong.
func (e *Error) Unwrap() error { return e.Err }
