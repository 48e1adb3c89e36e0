package fakemds

import (
	"context"
	"net"
	"net/http"
	"slices"
	"sync"
)

// Node is one MDS of a cluster with its agent.
type Node struct {
	cluster *Cluster
	addr    string
	ledger  ledger
	threads chan struct{} // one per request thread; nil without limits

	mu       sync.Mutex // guards what follows
	faults   []*activeFault
	synced   any // agentVersion of the last metadata/sync, nil for none
	canList  bool
	oldStore bool
	old540   bool
	stale    map[string][]string // clients as of StaleList; nil when current
	tasks    map[string]bool     // task ids in flight
	conns    map[*nodeConn]bool
	server   *http.Server // nil while stopped
	listener net.Listener
}

type activeFault struct {
	Fault
	left int // of a counted one
}

func newNode(c *Cluster, i int) (*Node, error) {
	n := &Node{cluster: c, tasks: make(map[string]bool), conns: make(map[*nodeConn]bool)}
	if c.threads > 0 {
		n.threads = make(chan struct{}, c.threads)
	}
	if !c.unsynced {
		n.Sync(agentVersion)
	}
	l, addr, err := c.listen(i)
	if err != nil {
		return nil, err
	}
	n.addr = addr
	n.serve(l)
	return n, nil
}

// Addr returns host:port.
func (n *Node) Addr() string { return n.addr }

// Host returns the host of Addr.
func (n *Node) Host() string {
	host, _, _ := net.SplitHostPort(n.addr)
	return host
}

// Requests returns the ledger: every request that reached the node.
func (n *Node) Requests() []Request { return n.ledger.copyRequests() }

// Conns returns the connection ledger.
func (n *Node) Conns() []Conn { return n.ledger.copyConns() }

// MaxConns returns how many connections were open at once at the most.
func (n *Node) MaxConns() int {
	n.ledger.mu.Lock()
	defer n.ledger.mu.Unlock()
	return n.ledger.most
}

// Inject makes the node misbehave, in addition to what was injected before. A
// Refuse without Times cuts the open connections, as the end of a process does.
func (n *Node) Inject(faults ...Fault) {
	for _, f := range faults {
		n.mu.Lock()
		n.faults = append(n.faults, &activeFault{Fault: f, left: f.times})
		n.mu.Unlock()
		switch {
		case f.kind == kindStaleList:
			clients := n.cluster.storage.allClients()
			n.mu.Lock()
			n.stale = clients
			n.mu.Unlock()
		case f.kind == kindRefuse && f.times == 0:
			n.Stop()
		}
	}
}

// Clear takes all faults away, and starts the node if it was stopped.
func (n *Node) Clear() {
	n.mu.Lock()
	n.faults, n.stale = nil, nil
	n.mu.Unlock()
	n.Start()
}

// Faults returns the faults that still act.
func (n *Node) Faults() []Fault {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := make([]Fault, 0, len(n.faults))
	for _, f := range n.faults {
		left := f.Fault
		left.times = f.left
		out = append(out, left)
	}
	return out
}

// take returns the faults among kinds (all when none is named) that act on a
// request to the endpoint, and counts them.
func (n *Node) take(endpoint string, kinds ...faultKind) faults {
	n.mu.Lock()
	defer n.mu.Unlock()
	var acting faults
	n.faults = slices.DeleteFunc(n.faults, func(f *activeFault) bool {
		ofDial := f.kind == kindRefuse || f.kind == kindBlackhole
		if len(kinds) > 0 && !slices.Contains(kinds, f.kind) || len(kinds) == 0 && (ofDial || !f.matches(endpoint)) {
			return false
		}
		acting = append(acting, f.Fault)
		f.left--
		return f.times > 0 && f.left == 0
	})
	return acting
}

// blackholed reports whether packets to the node get lost.
func (n *Node) blackholed() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.ContainsFunc(n.faults, func(f *activeFault) bool { return f.kind == kindBlackhole })
}

// checkDial plays the faults of the connection.
func (n *Node) checkDial(ctx context.Context) error {
	acting := n.take("", kindRefuse, kindBlackhole)
	if acting.has(kindRefuse) {
		return refused(memAddr(n.addr))
	}
	if acting.has(kindBlackhole) {
		select {
		case <-ctx.Done():
			return &net.OpError{Op: "dial", Net: "tcp", Addr: memAddr(n.addr), Err: context.Cause(ctx)}
		case <-n.cluster.ctx.Done():
			return refused(memAddr(n.addr))
		}
	}
	return nil
}

// Stop ends the agent: connections are cut, connects refused. Clear and Start
// start it again, with the sync state it had; Restart loses that.
func (n *Node) Stop() {
	n.mu.Lock()
	server, listener := n.server, n.listener
	n.server = nil
	conns := make([]*nodeConn, 0, len(n.conns))
	for c := range n.conns {
		conns = append(conns, c)
	}
	n.mu.Unlock()
	if server == nil {
		return
	}
	listener.Close() // before Close: Serve may not have begun
	for _, c := range conns {
		c.reset()
	}
	server.Close()
}

// Start starts the agent after Stop. It panics when its port was taken
// meanwhile.
func (n *Node) Start() {
	n.mu.Lock()
	running := n.server != nil
	n.mu.Unlock()
	if running || n.cluster.ctx.Err() != nil {
		return
	}
	l, err := n.cluster.relisten(n.addr)
	must(err)
	n.serve(l)
}

// Restart ends the agent and starts it again: it forgets that it was synced,
// and so lists no clients until the next Sync.
func (n *Node) Restart() {
	n.Stop()
	n.Unsync()
	n.mu.Lock()
	n.tasks = make(map[string]bool)
	n.mu.Unlock()
	n.Start()
}

// Sync is what metadata/sync does to the agent.
func (n *Node) Sync(version string) { n.sync(version) }

// Unsync takes that back, as a restart does.
func (n *Node) Unsync() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.synced, n.canList = nil, false
}

func (n *Node) sync(version any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.synced, n.canList = version, !n.oldStore
}

// SetOldStorage makes the storage too old to list clients, as far as this agent
// can tell: its lists are empty and its ping is perfect. Like the real agent it
// finds out at the next Sync, which this does.
func (n *Node) SetOldStorage(old bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.oldStore = old
	n.canList = n.synced != nil && !old
}

// FreezeClients is Inject(StaleList).
func (n *Node) FreezeClients() { n.Inject(StaleList) }

// Legacy540 makes the node an agent of 5.4.0, which has fewer endpoints and
// other field names.
func (n *Node) Legacy540(old bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.old540 = old
}

func (n *Node) legacy() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.old540
}

func (n *Node) version() any {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.synced
}

func (n *Node) lists() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.canList
}

// clientsOf returns who has the volume open, as far as the node knows.
func (n *Node) clientsOf(key string) []string {
	n.mu.Lock()
	stale := n.stale
	n.mu.Unlock()
	if stale != nil {
		return stale[key]
	}
	s := n.cluster.storage
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.volumes[key]; v != nil {
		return slices.Clone(v.Clients)
	}
	return nil
}
