package agent

import "time"

// Kind says how an agent behaves.
type Kind int

const (
	Healthy     Kind = iota // answers
	Hang                    // reads the request and never answers
	Refuse                  // no process listens, and open connections are cut
	Blackhole               // connects never complete, and open connections are silent
	Unavailable             // answers 503 and executes nothing
	RunAndReset             // executes, then resets the connection; no callback
	RunAnd503               // executes, then answers 503; no callback
	Limited                 // answers, with the threads and the backlog of a real agent
)

// Mode is a Kind and the time that an answer takes.
type Mode struct {
	Kind    Kind
	Service time.Duration // how long a request takes that is answered
}

// Limits of a real agent, as Limited has them.
const (
	Threads      = 10
	Backlog      = 5
	SilentFor    = 15 * time.Second // how long a connection may be silent
	silentNotice = 100 * time.Millisecond
)
