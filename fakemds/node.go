package fakemds

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/zbsclient/zbsclient/fakemds/internal/agent"
	"github.com/zbsclient/zbsclient/fakemds/internal/storage"
)

// Node is one MDS with its agent. Safe for concurrent use. Get it from Cluster.Node.
type Node struct {
	server  *server
	agent   *agent.Agent
	storage *storage.Storage
	misuse  *misuse
}

const syncedVersion = "5.5.0"

// Addr is the node's host:port.
func (n *Node) Addr() string { return n.server.addr }

// Host is the host of Addr.
func (n *Node) Host() string {
	host, _, _ := net.SplitHostPort(n.server.addr)
	return host
}

// IP is the address of the node in lists of clients, where it has a volume open
// itself because it exports it. It is the host of Addr; a node in memory has one
// of 10.99.0.1, 10.99.0.2 and so on.
func (n *Node) IP() string {
	if n.server.net.loopback {
		return n.Host()
	}
	return fmt.Sprintf("10.99.%d.%d", n.server.index/254, n.server.index%254+1)
}

// Inject adds faults behind those that are already there. Refuse cuts the
// connections that are open. A fault On an endpoint that no generation has ends the
// test or, in a program, panics.
func (n *Node) Inject(faults ...Fault) {
	for _, f := range faults {
		for _, name := range strings.Fields(f.on) {
			if !agent.IsEndpoint(name) {
				n.misuse.fail(fmt.Errorf("fakemds: fault on endpoint %q, want one like \"volume/clients\"", name))
			}
		}
	}
	var frozen map[string][]storage.Address
	has := func(k kind) bool { return slices.ContainsFunc(faults, func(f Fault) bool { return f.kind == k }) }
	if has(staleList) {
		n.storage.Do(func(s *storage.State) { frozen = s.ListedByFile(time.Now()) })
	}
	n.server.faults.add(faults, frozen)
	if has(refuse) {
		n.server.cut()
	}
	n.faultsChanged()
}

// Clear removes all faults, StaleList included. Work that hangs or waits by then goes
// on doing so.
func (n *Node) Clear() {
	n.server.faults.clear()
	n.faultsChanged()
}

// faultsChanged lets real connects be refused by the kernel while a Refuse without a
// limit is there.
func (n *Node) faultsChanged() {
	if err := n.server.faultsChanged(); err != nil {
		n.misuse.warn("%v: the node goes on refusing", err) // another program took the port
	}
}

// Faults returns the faults that are still active, in order.
func (n *Node) Faults() []Fault { return n.server.faults.all() }

// Restart ends the agent's process and starts it again: connections are cut,
// work and callbacks in flight are lost, task ids and metadata/sync forgotten.
// Faults stay. The error is that of Start.
func (n *Node) Restart() error {
	n.Stop()
	return n.Start()
}

// Stop ends the agent's process: connections are cut and refused from now on.
func (n *Node) Stop() {
	n.server.stop()
	n.agent.Unsync()
}

// Start starts the agent after Stop, as a new process that was not synced. It fails
// only on loopback, when another program has taken the port.
func (n *Node) Start() error { return n.server.start() }

// Sync does to the agent what a successful metadata/sync does.
func (n *Node) Sync(version string) { n.agent.Sync(version) }

// Unsync makes the agent forget metadata/sync.
func (n *Node) Unsync() { n.agent.Unsync() }

// SetOldStorage puts the agent before a storage too old to list clients, which
// metadata/sync finds out: the lists are empty and nothing else shows it.
func (n *Node) SetOldStorage(old bool) { n.agent.SetOldStorage(old) }

// SetNotMDS makes metadata/sync fail as on a host that is no MDS node.
func (n *Node) SetNotMDS(notMDS bool) { n.agent.SetNotMDS(notMDS) }

// SetServer puts the node on the server with the serial number, which it answers
// in resource/usage and metadata/sync. Nodes with the same one are on one server.
// With "" the agent cannot read it: resource/usage fails, and metadata/sync leaves
// it out. The default is a server for each node, "SERIAL-mds-0.fake" and so on.
func (n *Node) SetServer(serial string) { n.agent.SetSerial(serial) }

// SetCluster makes the node name another cluster's uuid in facts and ping, as when
// its address leads to another cluster's MDS; "" ends that. The volumes stay the same.
func (n *Node) SetCluster(uuid string) { n.agent.SetCluster(uuid) }

// FreezeClients injects StaleList: volume/clients of this node answers from now
// on as things stand now, until Clear.
func (n *Node) FreezeClients() { n.Inject(StaleList) }
