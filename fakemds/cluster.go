package fakemds

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"

	"github.com/zbsclient/zbsclient/fakemds/internal/memnet"
)

// TB is the part of *testing.T that NewCluster uses; *rapid.T has it too.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
	Cleanup(func())
}

// Cluster is a set of MDS nodes over one storage. Safe for concurrent use. The
// zero Cluster is of no use: make one with NewCluster or Start.
type Cluster struct {
	tb    TB // nil: made by Start
	cfg   config
	mem   *memnet.Network
	st    *storage
	nodes []*Node

	mu       sync.Mutex // guards the fields below
	closed   bool
	lns      []net.Listener
	handlers map[string]http.Handler // of callbacks, by host
	lastID   int                     // of requests
	lastCon  int                     // of connections
}

type config struct {
	loopback bool
	addrs    []string
	unsynced bool
	uuid     string
	version  string
	threads  int
	backlog  int
	dashed   bool
	root     string
	honest   bool

	generations        []Generation // by node
	keepHeartbeat      bool
	snapshotDeleteLies bool
	exportsUnlisted    bool
}

// Option changes what NewCluster and Start make.
type Option func(*config)

// OnLoopback puts the nodes on real sockets of 127.0.0.1, on free ports. Not for
// use inside a synctest bubble. The default is a network in memory.
func OnLoopback() Option { return func(c *config) { c.loopback = true } }

// OnAddrs puts node i on the real address addrs[i], for a program that wants
// fixed ports. Nodes without an address take a free port of 127.0.0.1.
func OnAddrs(addrs ...string) Option {
	return func(c *config) { c.loopback, c.addrs = true, addrs }
}

// Unsynced starts the nodes as agents that got no metadata/sync since their
// start: they list no clients, ever, and ping names no agentVersion. The default
// is nodes that were synced with agentVersion "5.5.0".
func Unsynced() Option { return func(c *config) { c.unsynced = true } }

// ClusterID sets what facts answers and what ping compares. The default is
// 11111111-2222-3333-4444-555555555555 and version 1.6.2.
func ClusterID(uuid, version string) Option {
	return func(c *config) { c.uuid, c.version = uuid, version }
}

// WithAgentLimits gives each node the limits of the real agent, 10 threads and a
// backlog of 5. A connection holds a thread until it has sent its request and
// got its answer, at most 15 s while it is silent; the others wait for one. A
// connect waits 1 s when more than backlog others come in the same instant (only
// in memory; on loopback the kernel has its own backlog). The default is no limit.
func WithAgentLimits(threads, backlog int) Option {
	return func(c *config) { c.threads, c.backlog = threads, backlog }
}

// DashedPorts makes cbdtonbd take a portRange "a-b" instead of "a:b", as some
// versions of the agent do.
func DashedPorts() Option { return func(c *config) { c.dashed = true } }

// Honest makes agents without the quirks that a plugin has to live with: they
// compare names of pools and snapshots whole, a delete that cannot look, and one
// of a snapshot that does not exist, is an error, and a volume in use is refused
// at once. The default is the quirks of the real agent.
func Honest() Option { return func(c *config) { c.honest = true } }

// SnapshotDeleteLies makes snapshot/delete of a snapshot that has a clone answer
// success, and keep the snapshot, as agents do whose storage does not name the
// clones. Honest wins over it. The default is an error that ends in "still in used".
func SnapshotDeleteLies() Option { return func(c *config) { c.snapshotDeleteLies = true } }

// KeepHeartbeatOpen makes hosts hold the volumes zbs_zstack_heartbeat open, so
// that lists show them steadily. The default is hosts that open such a volume for
// an instant every 5 s.
func KeepHeartbeatOpen() Option { return func(c *config) { c.keepHeartbeat = true } }

// ExportsUnlisted keeps the nodes that export a volume over NBD out of all lists of
// clients, although they have it open. The default is to list them like any host.
func ExportsUnlisted() Option { return func(c *config) { c.exportsUnlisted = true } }

// WithRoot serves everything under a deployment prefix such as "/agent".
func WithRoot(prefix string) Option { return func(c *config) { c.root = prefix } }

// NewCluster starts n nodes for a test, which closes them when it ends.
func NewCluster(t TB, n int, opts ...Option) *Cluster {
	t.Helper()
	c, err := Start(n, opts...)
	if err != nil {
		t.Fatalf("%v", err)
		return nil
	}
	c.tb = t
	t.Cleanup(c.Close)
	return c
}

// fail reports a mistake of the test that uses the cluster: it ends the test or,
// in a program, panics.
func (c *Cluster) fail(err error) {
	if err == nil {
		return
	}
	if c.tb == nil {
		panic(err)
	}
	c.tb.Helper()
	c.tb.Fatalf("%v", err)
}

// Start starts n nodes for a program or an Example; the caller closes them.
func Start(n int, opts ...Option) (*Cluster, error) {
	c := &Cluster{
		cfg: config{uuid: "11111111-2222-3333-4444-555555555555", version: "1.6.2"},
		mem: memnet.New(),
		st:  &storage{bdevs: map[string]*bdevState{}, noTarget: map[string]bool{}, lastPort: 9999},
	}
	for _, opt := range opts {
		opt(&c.cfg)
	}
	c.st.honest, c.st.keepHeartbeat, c.st.snapshotDeleteLies = c.cfg.honest, c.cfg.keepHeartbeat, c.cfg.snapshotDeleteLies
	if n < 1 {
		return nil, fmt.Errorf("fakemds: a cluster of %d nodes: need at least 1", n)
	}
	if err := c.cfg.checkGenerations(n); err != nil {
		return nil, err
	}
	for i := range n {
		node, err := newNode(c, i)
		if err != nil {
			c.Close()
			return nil, err
		}
		c.nodes = append(c.nodes, node)
	}
	return c, nil
}

// Close cuts every connection, drops what was still to be done, and returns
// when all goroutines of the cluster have ended. A second Close does nothing.
func (c *Cluster) Close() {
	c.mu.Lock()
	done := c.closed
	c.closed = true
	lns := c.lns
	c.mu.Unlock()
	if done {
		return
	}
	for _, n := range c.nodes {
		n.close()
	}
	for _, ln := range lns {
		ln.Close()
	}
}

// Addrs are the addresses of the nodes: "mds-0.fake:7763" and so on in memory,
// "127.0.0.1:PORT" on loopback.
func (c *Cluster) Addrs() []string {
	var addrs []string
	for _, n := range c.nodes {
		addrs = append(addrs, n.addr)
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
		return n.dial(ctx, network, addr)
	}
	return c.dialOther(ctx, network, addr)
}

func (c *Cluster) dialOther(ctx context.Context, network, addr string) (net.Conn, error) {
	if memnet.InMemory(addr) {
		return c.mem.Dial(ctx, addr)
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, memnet.DialError(addr, err)
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() || c.cfg.loopback {
		var d net.Dialer
		return d.DialContext(ctx, network, addr)
	}
	return nil, memnet.Refused(addr)
}

// Listen opens a listener that the nodes can reach, for the receiver of
// callbacks. Its Addr is the host:port for the callback URL. Close closes it
// together with the cluster.
func (c *Cluster) Listen() (net.Listener, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, errors.New("fakemds: the cluster is closed")
	}
	var ln net.Listener
	var err error
	if c.cfg.loopback {
		ln, err = net.Listen("tcp", "127.0.0.1:0")
	} else {
		ln, err = c.mem.Listen(net.JoinHostPort("callback.fake", strconv.Itoa(c.mem.Port())))
	}
	if err == nil {
		c.lns = append(c.lns, ln)
	}
	return ln, err
}

func (c *Cluster) nextRequest() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastID++
	return c.lastID
}

func (c *Cluster) nextConn() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastCon++
	return c.lastCon
}
