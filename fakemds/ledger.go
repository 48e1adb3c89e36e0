package fakemds

import (
	"net/http"
	"slices"
	"time"
)

// Request is one request that reached a node, as far as the node got with it.
type Request struct {
	ID       int    // counts all requests of the cluster from 1
	Node     string // address of the node
	Conn     int    // ID of the connection it came over
	Endpoint string // like "volume/clients"; "" when there is no such path
	Method   string
	Path     string // as sent, with the query string
	Header   http.Header
	Body     []byte
	TaskID   string
	At       time.Time
	Faults   []string // what acted on it

	// Probe is a request that the agent refuses before it is a task, and which
	// therefore does no harm: one without the headers taskuuid and callbackurl, to
	// a path that is asynchronous or that the agent does not have, answered 400 or
	// 404; or volume/clients with a form-encoded body, answered 400.
	Probe bool
	// DidNothing tells that the handler answered success and changed nothing,
	// although the request is there to change something: what it names is not
	// there, is so already, or was misread. A request that says to skip what
	// exists, and names exactly that, does not count.
	DidNothing bool

	Executed  bool   // the handler ran; at most once for each request
	Dropped   bool   // its task id was in flight: accepted and ignored
	Failure   string // the error the handler answered, "" for success
	Status    int    // HTTP status of the reply, 0 when none was sent
	Answered  bool   // the reply was written in full
	Callbacks int    // callbacks sent, redeliveries included
}

// Conn is one connection to a node.
type Conn struct {
	ID       int // counts all connections of the cluster from 1
	Node     string
	Remote   string
	Opened   time.Time
	Closed   time.Time // zero while it is open
	Bytes    int64     // received
	Requests int

	// Silent is how long it was open without having sent anything: to its
	// first byte, or to its end, or to now. A connection that never sends
	// holds one of the agent's ten threads for 15 s.
	Silent time.Duration
}

type connLog struct {
	Conn
	firstByte time.Time
}

func (l *connLog) snapshot() Conn {
	c := l.Conn
	end := l.firstByte
	if end.IsZero() {
		end = l.Closed
	}
	if end.IsZero() {
		end = time.Now()
	}
	c.Silent = end.Sub(l.Opened)
	return c
}

// Requests returns a copy of every request that reached the node, in order.
func (n *Node) Requests() []Request {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := make([]Request, len(n.requests))
	for i, r := range n.requests {
		all[i] = *r
	}
	return all
}

// Conns returns a copy of every connection made to the node, in order.
func (n *Node) Conns() []Conn {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := make([]Conn, len(n.conns))
	for i, c := range n.conns {
		all[i] = c.snapshot()
	}
	return all
}

// OpenConns is the number of connections that are open now, and the most that
// were open at the same time.
func (n *Node) OpenConns() (now, most int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.live), n.mostLive
}

// Executed is how often the node ran the endpoint, or with "" any endpoint.
func (n *Node) Executed(endpoint string) int {
	return n.count(endpoint, func(r Request) bool { return r.Executed })
}

// Asked is how many requests for the endpoint reached the node, or with "" any,
// without those that are a Probe.
func (n *Node) Asked(endpoint string) int {
	return n.count(endpoint, func(r Request) bool { return !r.Probe })
}

// Probes is how many requests that are a Probe reached the node, for any path.
func (n *Node) Probes() int {
	return n.count("", func(r Request) bool { return r.Probe })
}

func (n *Node) count(endpoint string, counts func(Request) bool) int {
	sum := 0
	for _, r := range n.Requests() {
		if (endpoint == "" || r.Endpoint == endpoint) && counts(r) {
			sum++
		}
	}
	return sum
}

// ResetLedger forgets all requests and harm, and all connections that are closed.
func (n *Node) ResetLedger() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.requests, n.harm = nil, nil
	var open []*connLog
	for _, c := range n.conns {
		if c.Closed.IsZero() {
			open = append(open, c)
		}
	}
	n.conns, n.mostLive = open, len(n.live)
}

// Requests returns a copy of every request that reached any node, in order.
func (c *Cluster) Requests() []Request {
	var all []Request
	for _, n := range c.nodes {
		all = append(all, n.Requests()...)
	}
	slices.SortFunc(all, func(a, b Request) int { return a.ID - b.ID })
	return all
}

// Executed is how often the endpoint ran on all nodes, or with "" any endpoint.
func (c *Cluster) Executed(endpoint string) int {
	sum := 0
	for _, n := range c.nodes {
		sum += n.Executed(endpoint)
	}
	return sum
}

// ExecutedBy is how often the endpoint ran on each node, by index.
func (c *Cluster) ExecutedBy(endpoint string) []int {
	var sums []int
	for _, n := range c.nodes {
		sums = append(sums, n.Executed(endpoint))
	}
	return sums
}

// Asked is how many requests for the endpoint reached each node, by index; with
// "" of any endpoint. It does not count those that are a Probe.
func (c *Cluster) Asked(endpoint string) []int {
	var sums []int
	for _, n := range c.nodes {
		sums = append(sums, n.Asked(endpoint))
	}
	return sums
}
