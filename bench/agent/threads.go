package agent

import (
	"net"
	"net/http"
)

// threads limits the agent to the threads of a real one. A connection holds a thread
// from its accept until its first request was answered, even while it is silent. It
// holds one again during each later request.
type threads chan struct{}

func newThreads() threads { return make(threads, Threads) }

// track follows the states of the server's connections. The accept loop reports the
// state of a new connection. While that report waits here for a thread, the next
// connections wait in the backlog.
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
