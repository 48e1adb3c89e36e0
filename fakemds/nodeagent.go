package fakemds

import "github.com/zbsclient/zbsclient/fakemds/internal/agent"

// Export is an NBD export of one node, a process of its own that has the volume
// or snapshot open, for writing.
type Export struct {
	Port   int
	Volume string // LOGICAL/VOLUME
	// Snapshot is what is really exported: the agent picks the first snapshot
	// whose name contains the one asked for. Empty for the volume itself.
	Snapshot string
}

// Exports returns the NBD exports of the node, by port.
func (n *Node) Exports() []Export {
	var all []Export
	for _, e := range n.agent.Exports() {
		all = append(all, Export(e))
	}
	return all
}

// ClientConf is the line of the node's client.conf that says where the clients of
// the storage find the MDS: "mds.listen.addr=" and the addresses of all nodes,
// until a facts of G1 wrote another value.
func (n *Node) ClientConf() string {
	return n.agent.ClientConf()
}

// Generation is what the node's agent is.
func (n *Node) Generation() Generation {
	return Generation(n.agent.Generation())
}

// SetGeneration makes the node's agent one of another generation, for the set-up
// of a test: the process goes on and remembers metadata/sync. Requests that are
// running finish as they began. Upgrade does what an upgrade does. A number that
// is no generation ends the test or, in a program, panics.
func (n *Node) SetGeneration(g Generation) {
	n.misuse.fail(g.check())
	n.agent.SetGeneration(agent.Generation(g))
}

// Upgrade replaces the node's agent by one of another generation, newer or older:
// Stop, SetGeneration, Start. Connections are cut, work in flight is lost, and
// metadata/sync is forgotten; faults, NBD exports and client.conf stay. The error
// is that of Start, or says that g is no generation, and then nothing happened.
func (n *Node) Upgrade(g Generation) error {
	if err := g.check(); err != nil {
		return err
	}
	n.Stop()
	n.SetGeneration(g)
	return n.Start()
}
