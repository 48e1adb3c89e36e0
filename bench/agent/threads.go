package agent

import (
	"net"
	"net/http"
)

// threads are the few that an agent has. A connection holds one from its accept
// until its first request was answered, also while it says nothing, and for
// each later request while that is served.
type threads chan struct{}

func newThreads() threads { return make(threads, Threads) }

// track follows the states of the server's connections. That of a new one is
// told by the loop that accepts: while it waits here, the next ones wait in the
// backlog.
func (t threads) track(c net.Conn, state http.ConnState) {
	held := c.(*conn)
	switch state {
	case http.StateNew, http.StateActive:
		if !held.thread {
			t <- struct{}{}
			held.thread = true
		}
	case http.StateIdle, http.StateClosed, http.StateHijacked:
		if held.thread {
			<-t
			held.thread = false
		}
	}
}
