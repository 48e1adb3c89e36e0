package mds

import "github.com/zbsclient/zbsclient/zbs"

// Trace is what each MDS did with a call, in the order it was asked.
type Trace struct {
	Attempts []Attempt
}

// Answered returns the MDS whose answer the call returned.
func (t Trace) Answered() (addr zbs.Addr, ok bool) {
	if n := len(t.Attempts); n > 0 && t.Attempts[n-1].Err == nil {
		return t.Attempts[n-1].Addr, true
	}
	return zbs.Addr{}, false
}
