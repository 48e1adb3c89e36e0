package fakemds

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/fakemds/internal/memnet"
)

// Node is one MDS with its agent. Safe for concurrent use.
type Node struct {
	cluster *Cluster
	index   int
	addr    string        // constant once the node was made
	threads chan struct{} // nil: no limit
	wg      sync.WaitGroup

	mu         sync.Mutex // guards the fields below, never held while waiting
	listeners  []*listener
	stopped    bool
	closed     bool
	life       context.Context // ends when the agent's process does
	die        context.CancelFunc
	faults     faultList
	changed    chan struct{} // closed and replaced whenever faults change
	agent      agent
	serial     string          // of the server that the node runs on
	clientConf string          // the line that a facts wrote; "": none yet
	tasks      map[string]bool // task ids in flight
	exports    map[int]*export // NBD exports by port
	live       map[net.Conn]*connLog
	mostLive   int
	conns      []*connLog
	requests   []*Request
	harm       []Harm
	arrivals   []time.Time              // of the connects of this instant
	frozen     map[string][]ClientState // what StaleList answers, by LOGICAL/VOLUME
}

// agent is what the process of the agent remembers, or is.
type agent struct {
	synced     bool // had a metadata/sync since its start
	version    any  // that of metadata/sync; nil for none
	lists      bool // metadata/sync found that the storage can list clients
	oldStorage bool
	notMDS     bool
	generation Generation
	cluster    string // uuid of another cluster; empty: the one it is in
}

const syncedVersion = "5.5.0"

func newNode(c *Cluster, i int) (*Node, error) {
	n := &Node{
		cluster: c, index: i, serial: fmt.Sprintf("SERIAL-mds-%d.fake", i), changed: make(chan struct{}),
		tasks: map[string]bool{}, exports: map[int]*export{}, live: map[net.Conn]*connLog{},
	}
	if c.cfg.threads > 0 {
		n.threads = make(chan struct{}, c.cfg.threads)
	}
	n.agent.generation = c.cfg.generation(i)
	n.addr = fmt.Sprintf("mds-%d.fake:7763", i)
	if c.cfg.loopback {
		n.addr = "127.0.0.1:0"
		if i < len(c.cfg.addrs) {
			n.addr = c.cfg.addrs[i]
		}
	}
	if !c.cfg.unsynced {
		n.agent.synced, n.agent.version, n.agent.lists = true, syncedVersion, true
	}
	n.life, n.die = context.WithCancel(context.Background())
	n.mu.Lock()
	defer n.mu.Unlock()
	l, err := n.addListenerLocked(n.addr)
	if err != nil {
		return nil, err
	}
	n.addr = l.addr // with the port, from now on constant
	return n, nil
}

// Addr is the node's host:port.
func (n *Node) Addr() string { return n.addr }

// Host is the host of Addr.
func (n *Node) Host() string {
	host, _, _ := net.SplitHostPort(n.addr)
	return host
}

// Inject adds faults behind those that are already there. Refuse cuts the
// connections that are open. A fault On an endpoint that no generation has ends the
// test or, in a program, panics.
func (n *Node) Inject(faults ...Fault) {
	for _, f := range faults {
		for _, name := range strings.Fields(f.on) {
			if !isEndpoint(name) {
				n.cluster.fail(fmt.Errorf("fakemds: fault on endpoint %q, want one like \"volume/clients\"", name))
			}
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, f := range faults {
		if f.kind == noFault {
			continue
		}
		if f.kind == staleList {
			n.frozen = n.cluster.st.allClients()
		}
		n.faults = append(n.faults, f)
		if f.kind == refuse {
			n.cutLocked()
		}
	}
	n.faultsChangedLocked()
}

// Clear removes all faults, StaleList included. Work that already
// hangs or waits goes on doing so.
func (n *Node) Clear() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults = nil
	n.faultsChangedLocked()
}

// faultsChangedLocked wakes connects that wait in a blackhole, and lets real
// connects be refused by the kernel while a Refuse without a limit is there.
func (n *Node) faultsChangedLocked() {
	close(n.changed)
	n.changed = make(chan struct{})
	if !n.cluster.cfg.loopback {
		return
	}
	if n.refusesLocked() {
		n.unlistenLocked()
		return
	}
	if err := n.listenLocked(); err != nil && n.cluster.tb != nil {
		n.cluster.tb.Logf("%v: the node goes on refusing", err) // somebody took the port
	}
}

// refusesLocked tells whether every connect is refused.
func (n *Node) refusesLocked() bool {
	return slices.ContainsFunc(n.faults, func(f Fault) bool { return f.kind == refuse && f.left == 0 })
}

// Faults returns the faults that are still active, in order.
func (n *Node) Faults() []Fault {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]Fault(nil), n.faults...)
}

// Restart ends the agent's process and starts it again: connections are cut,
// work and callbacks in flight are lost, task ids and metadata/sync forgotten.
// Faults stay. The error is that of Start.
func (n *Node) Restart() error {
	n.Stop()
	return n.Start()
}

// Stop ends the agent's process: connections are cut and refused from now on.
func (n *Node) Stop() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.stopped = true
	n.die()
	n.unlistenLocked()
	n.cutLocked()
	n.tasks = map[string]bool{}
	n.agent.synced, n.agent.version, n.agent.lists = false, nil, false
}

// Start starts the agent after Stop, as a new process that nobody has synced. It
// fails only on loopback, when another program took the port meanwhile.
func (n *Node) Start() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.stopped || n.closed {
		return nil
	}
	n.stopped = false
	n.life, n.die = context.WithCancel(context.Background())
	return n.listenLocked()
}

func (n *Node) close() {
	n.mu.Lock()
	n.closed = true
	n.die()
	n.unlistenLocked()
	n.cutLocked()
	n.mu.Unlock()
	n.wg.Wait()
}

func (n *Node) cutLocked() {
	for c := range n.live {
		memnet.Abort(c)
	}
}

// Sync does to the agent what a successful metadata/sync does.
func (n *Node) Sync(version string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.agent.synced, n.agent.version, n.agent.lists = true, version, !n.agent.oldStorage
}

// Unsync makes the agent forget metadata/sync.
func (n *Node) Unsync() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.agent.synced, n.agent.version, n.agent.lists = false, nil, false
}

// SetOldStorage puts the agent before a storage too old to list clients, which
// metadata/sync finds out: the lists are empty and nothing else shows it.
func (n *Node) SetOldStorage(old bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.agent.oldStorage = old
	n.agent.lists = !old && n.agent.synced
}

// SetNotMDS makes metadata/sync fail as on a host that is no MDS node.
func (n *Node) SetNotMDS(notMDS bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.agent.notMDS = notMDS
}

// SetServer puts the node on the server with the serial number, which it answers
// in resource/usage and metadata/sync. Nodes with the same one are on one server.
// With "" the agent cannot read it: resource/usage fails, and metadata/sync leaves
// it out. The default is a server for each node, "SERIAL-mds-0.fake" and so on.
func (n *Node) SetServer(serial string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.serial = serial
}

// SetCluster makes the node name another cluster's uuid in facts and ping, as when
// its address leads to another cluster's MDS; "" ends that. The volumes stay the same.
func (n *Node) SetCluster(uuid string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.agent.cluster = uuid
}

// clusterID is the uuid that the node names.
func (n *Node) clusterID() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return cmp.Or(n.agent.cluster, n.cluster.cfg.uuid)
}

// FreezeClients injects StaleList: volume/clients of this node answers from now
// on as things stand now, until Clear.
func (n *Node) FreezeClients() { n.Inject(StaleList) }
