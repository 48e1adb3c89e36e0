package fakemds

import "slices"

// Requests returns a copy of every request that reached the node, in order.
func (n *Node) Requests() []Request {
	n.server.ledger.mu.Lock()
	defer n.server.ledger.mu.Unlock()
	all := make([]Request, len(n.server.ledger.requests))
	for i, r := range n.server.ledger.requests {
		all[i] = *r
	}
	return all
}

// Conns returns a copy of every connection made to the node, in order.
func (n *Node) Conns() []Conn {
	n.server.ledger.mu.Lock()
	defer n.server.ledger.mu.Unlock()
	all := make([]Conn, len(n.server.ledger.conns))
	for i, c := range n.server.ledger.conns {
		all[i] = c.snapshot()
	}
	return all
}

// OpenConns is the number of connections that are open now, and the most that
// were open at the same time.
func (n *Node) OpenConns() (now, most int) {
	n.server.ledger.mu.Lock()
	defer n.server.ledger.mu.Unlock()
	return n.server.ledger.open, n.server.ledger.mostOpen
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
func (n *Node) ResetLedger() { n.server.ledger.reset() }

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

// Harm returns a copy of all harm done on the node, or to the storage through it,
// in order; nil when there was none. It has an entry for
//
//   - each write of client.conf, by facts of G1;
//   - a change of something called "None", which is a name that the request lacks;
//   - a change of another volume or snapshot than the path says: volume/delete,
//     volume/expand, volume/flatten and snapshot/create of a snapshot path, any
//     path with something behind the part that the agent reads, the export of a
//     snapshot found by substring, a size whose unit and a copy whose dstPool the
//     agent does not read;
//   - copy with a threadContext that failed and deleted a volume;
//   - metadata/sync that replaced an agentVersion by another one;
//   - a password in a request whose endpoint does not need it, does not exist in
//     the node's generation, or was only probed;
//   - a name with characters of the shell in a command that the agent ran.
//
// Success that changed nothing is no harm, see Request.DidNothing.
func (n *Node) Harm() []Harm {
	n.server.ledger.mu.Lock()
	defer n.server.ledger.mu.Unlock()
	return slices.Clone(n.server.ledger.harm)
}

// Harm returns a copy of all harm done on any node, in order of time; nil when
// there was none.
func (c *Cluster) Harm() []Harm {
	var all []Harm
	for _, n := range c.nodes {
		all = append(all, n.Harm()...)
	}
	slices.SortStableFunc(all, func(a, b Harm) int { return a.At.Compare(b.At) })
	return all
}
