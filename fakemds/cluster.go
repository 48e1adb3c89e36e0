package fakemds

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"
)

// TB is what NewCluster needs of a test; *testing.T, *testing.B and *rapid.T
// are one.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// Defaults of a cluster.
const (
	defaultUUID    = "11111111-2222-3333-4444-555555555555"
	defaultVersion = "1.6.2"
	agentVersion   = "5.5.0" // of a node that had metadata/sync
)

// Cluster is a fake cluster of MDS over one storage. It is safe for concurrent
// use; NewCluster and Start make one.
type Cluster struct {
	uuid     string
	version  string
	loopback bool
	unsynced bool
	threads  int
	backlog  int

	net     *memNet
	storage *storage
	nodes   []*Node

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup // goroutines of the cluster

	mu        sync.Mutex // guards listeners
	listeners int
}

// Option sets how a cluster is.
type Option func(*Cluster)

// OnLoopback serves on real sockets of 127.0.0.1 instead of in memory.
func OnLoopback() Option { return func(c *Cluster) { c.loopback = true } }

// Unsynced starts the nodes as agents that had no metadata/sync since their
// start: they answer empty client lists whatever the truth. By default they had
// one, with version "5.5.0".
func Unsynced() Option { return func(c *Cluster) { c.unsynced = true } }

// ClusterID sets the cluster's uuid and the storage's version.
func ClusterID(uuid, version string) Option {
	return func(c *Cluster) { c.uuid, c.version = uuid, version }
}

// WithAgentLimits gives every node a real agent's limits: so many request
// threads (10), one of which a connection that has said nothing holds for 15 s,
// and so many connections that may wait for one (5). A connect beyond these
// stalls for seconds, as a kernel repeats it. On loopback the kernel keeps its
// own backlog. Without the option there is no limit.
func WithAgentLimits(threads, backlog int) Option {
	return func(c *Cluster) { c.threads, c.backlog = threads, backlog }
}

// NewCluster starts a cluster of n nodes that ends with the test.
func NewCluster(t TB, n int, opts ...Option) *Cluster {
	t.Helper()
	c, err := Start(n, opts...)
	if err != nil {
		t.Fatalf("fakemds: %v", err)
	}
	t.Cleanup(c.Close)
	return c
}

// Start starts a cluster of n nodes, for a program or an example. Close ends it.
func Start(n int, opts ...Option) (*Cluster, error) {
	c := &Cluster{uuid: defaultUUID, version: defaultVersion, net: newMemNet(), storage: newStorage()}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	for _, opt := range opts {
		opt(c)
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

// Close ends the cluster and all its connections, and waits for its goroutines.
func (c *Cluster) Close() {
	c.cancel()
	for _, n := range c.nodes {
		n.Stop()
	}
	c.work.Wait()
}

// Addrs returns the addresses of the nodes, host:port.
func (c *Cluster) Addrs() []string {
	addrs := make([]string, len(c.nodes))
	for i, n := range c.nodes {
		addrs[i] = n.addr
	}
	return addrs
}

// Node returns node i, counted from 0.
func (c *Cluster) Node(i int) *Node { return c.nodes[i] }

// DialContext connects to a node, or in memory to a listener of the cluster's.
// Faults of the connection act here.
func (c *Cluster) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	for _, n := range c.nodes {
		if n.addr == addr {
			if err := n.checkDial(ctx); err != nil {
				return nil, err
			}
		}
	}
	if c.loopback {
		return (&net.Dialer{}).DialContext(ctx, network, addr)
	}
	return c.net.dial(ctx, addr)
}

// Listen returns a listener that the nodes can post callbacks to.
func (c *Cluster) Listen() (net.Listener, error) {
	if c.loopback {
		return net.Listen("tcp", "127.0.0.1:0")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listeners++
	return c.net.listen("caller-" + strconv.Itoa(c.listeners) + ".fake:80"), nil
}

// AddPool makes a logical pool on a physical one, or moves it there.
func (c *Cluster) AddPool(logical, physical string) { c.storage.addPool(logical, physical) }

// AddVolume makes a volume of 10 GiB, and its pool on demand, and opens it for
// the clients, IP or IP:PORT. The path is zbs://POOL/VOLUME or
// cbd:PHYSICAL/POOL/VOLUME. It panics when the path is neither.
func (c *Cluster) AddVolume(path string, clients ...string) {
	must(c.storage.addVolume(path, clients))
}

// Open opens a volume for a client. It panics when there is no such volume.
func (c *Cluster) Open(path, client string) {
	must(c.storage.withVolume(path, func(v *VolumeState) { v.openLocked(client) }))
}

// CloseClient closes a volume for a client. It panics when there is no such
// volume.
func (c *Cluster) CloseClient(path, client string) {
	must(c.storage.withVolume(path, func(v *VolumeState) { v.closeLocked(client) }))
}

// UpdateVolume changes a volume by hand, for example to give it snapshots. It
// panics when there is no such volume.
func (c *Cluster) UpdateVolume(path string, change func(*VolumeState)) {
	must(c.storage.withVolume(path, change))
}

// must panics on a mistake in a test's own text.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// Volume returns the state of a volume.
func (c *Cluster) Volume(path string) (state VolumeState, ok bool) {
	err := c.storage.withVolume(path, func(v *VolumeState) { state = v.clone() })
	return state, err == nil
}

// Asked returns how many requests for the endpoint reached the nodes.
func (c *Cluster) Asked(endpoint string) int {
	return c.count(endpoint, func(Request) int { return 1 })
}

// Executed returns how often the nodes executed the endpoint.
func (c *Cluster) Executed(endpoint string) int {
	return c.count(endpoint, func(r Request) int { return r.Executed })
}

func (c *Cluster) count(endpoint string, of func(Request) int) (sum int) {
	for _, n := range c.nodes {
		for _, r := range n.Requests() {
			if r.Endpoint == endpoint {
				sum += of(r)
			}
		}
	}
	return sum
}

func (c *Cluster) listen(i int) (net.Listener, string, error) {
	if !c.loopback {
		addr := fmt.Sprintf("mds-%d.fake:7763", i)
		return c.net.listen(addr), addr, nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	return l, l.Addr().String(), nil
}

// relisten listens again where a stopped node did.
func (c *Cluster) relisten(addr string) (net.Listener, error) {
	if c.loopback {
		return net.Listen("tcp", addr)
	}
	return c.net.listen(addr), nil
}
