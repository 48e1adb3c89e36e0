package fakemds

import (
	"context"
	"fmt"
	"net"
	"slices"

	"github.com/zbsclient/zbsclient/fakemds/internal/agent"
	"github.com/zbsclient/zbsclient/fakemds/internal/memnet"
	"github.com/zbsclient/zbsclient/fakemds/internal/storage"
)

// Cluster is a set of MDS nodes over one storage. Safe for concurrent use. The
// zero Cluster is not usable: make one with NewCluster or Start.
type Cluster struct {
	cfg     config
	misuse  *misuse
	net     *network
	storage *storage.Storage
	ids     ids
	nodes   []*Node
}

// NewCluster starts n nodes for a test, which closes them when it ends.
func NewCluster(t TB, n int, opts ...Option) *Cluster {
	t.Helper()
	c, err := Start(n, opts...)
	if err != nil {
		t.Fatalf("%v", err)
		return nil
	}
	c.misuse.tb = t
	t.Cleanup(c.Close)
	return c
}

// Start starts n nodes for a program or an Example; the caller closes them.
func Start(n int, opts ...Option) (*Cluster, error) {
	c := &Cluster{misuse: &misuse{}}
	c.cfg.agent.UUID, c.cfg.agent.Version = "11111111-2222-3333-4444-555555555555", "1.6.2"
	for _, opt := range opts {
		opt(&c.cfg)
	}
	c.net = &network{mem: memnet.New(), loopback: c.cfg.loopback}
	c.storage = storage.New(c.cfg.storage)
	if n < 1 {
		return nil, fmt.Errorf("fakemds: a cluster of %d nodes: need at least 1", n)
	}
	if err := c.cfg.checkGenerations(n); err != nil {
		return nil, err
	}
	for i := range n {
		node, err := c.newNode(i)
		if err != nil {
			c.Close()
			return nil, err
		}
		c.nodes = append(c.nodes, node)
	}
	c.locate()
	return c, nil
}

// newNode makes node i and serves it.
func (c *Cluster) newNode(i int) (*Node, error) {
	g := G9
	if len(c.cfg.generations) > 0 {
		g = c.cfg.generations[min(i, len(c.cfg.generations)-1)]
	}
	a := agent.New(c.cfg.agent, c.storage, agent.Generation(g))
	a.SetSerial(fmt.Sprintf("SERIAL-mds-%d.fake", i))
	if !c.cfg.unsynced {
		a.Sync(syncedVersion)
	}
	n := &Node{agent: a, storage: c.storage, misuse: c.misuse, server: &server{
		backend: backend{root: c.cfg.root, agent: a, faults: newFaultSet(), ledger: &ledger{ids: &c.ids}, net: c.net},
		index:   i, backlog: backlog{size: c.cfg.backlog}, proc: newProcess(), live: map[net.Conn]bool{},
	}}
	if c.cfg.threads > 0 {
		n.server.threads = make(threads, c.cfg.threads)
	}
	return n, n.server.listenAt(c.cfg.addr(i))
}

// Close cuts every connection, drops what was still to be done, and returns
// when all goroutines of the cluster have ended. A second Close does nothing.
func (c *Cluster) Close() {
	if c.net.shut() {
		return
	}
	for _, n := range c.nodes {
		n.server.close()
	}
	c.net.close()
}

// locate tells the agents where the storage's own servers are, one on each node.
func (c *Cluster) locate() {
	var mds []string
	for _, n := range c.nodes {
		mds = append(mds, net.JoinHostPort(n.Host(), agent.MDSPort))
	}
	mds = slices.Compact(mds) // on loopback all have one host
	for _, n := range c.nodes {
		n.agent.Locate(n.IP(), mds)
	}
}

// Addrs are the addresses of the nodes: "mds-0.fake:7763" and so on in memory,
// "127.0.0.1:PORT" on loopback.
func (c *Cluster) Addrs() []string {
	var addrs []string
	for _, n := range c.nodes {
		addrs = append(addrs, n.Addr())
	}
	return addrs
}

// Len is the number of nodes.
func (c *Cluster) Len() int { return len(c.nodes) }

// Node returns node i, counted from 0. It panics when there is none.
func (c *Cluster) Node(i int) *Node { return c.nodes[i] }

// DialContext connects to a node or to a listener of Listen. A real address of
// this machine is dialled for real, any other address is refused.
func (c *Cluster) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	if n := c.nodeAt(addr); n != nil {
		return n.server.dial(ctx, network, addr)
	}
	return c.net.dial(ctx, network, addr)
}

// Listen opens a listener that the nodes can reach, for the receiver of
// callbacks. Its Addr is the host:port for the callback URL. Close closes it
// together with the cluster.
func (c *Cluster) Listen() (net.Listener, error) { return c.net.listenForCallbacks() }

// Alias gives node i one more address, which leads to the same agent with the same
// faults, state and ledger, and returns it: "mds-0-alias-1.fake:7763" in memory,
// "127.0.0.1:PORT" on loopback. Addrs does not name it.
func (c *Cluster) Alias(i int) string {
	addr, err := c.nodes[i].server.alias()
	c.misuse.fail(err)
	return addr
}

// nodeAt returns the node that has the address, nil when there is none.
func (c *Cluster) nodeAt(addr string) *Node {
	for _, n := range c.nodes {
		if n.server.hasAddr(addr) {
			return n
		}
	}
	return nil
}
