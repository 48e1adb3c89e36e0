package mds

import (
	"slices"

	"github.com/zbsclient/zbsclient/zbs"
)

// Trace is what each MDS did with a call, and why it was asked or was not.
type Trace struct {
	Attempts []Attempt // in the order they began
	Skipped  []Skip    // first those for which no retry token was left, then in the order of the router
}

// Answered returns the MDS whose answer the call returned.
func (t Trace) Answered() (addr zbs.Addr, ok bool) {
	for _, a := range t.Attempts {
		if a.Err == nil {
			return a.Addr, true
		}
	}
	return zbs.Addr{}, false
}

// Clone returns a copy that shares nothing with t but errors.
func (t Trace) Clone() Trace {
	return Trace{Attempts: slices.Clone(t.Attempts), Skipped: slices.Clone(t.Skipped)}
}
