package fakemds

import (
	"cmp"
	"net"
	"slices"
	"strings"

	"github.com/zbsclient/zbsclient/fakemds/internal/python"
)

// mdsPort is where the storage itself listens on an MDS node.
const mdsPort = "6700"

// ClientConf is the line of the node's client.conf that says where the clients of
// the storage find the MDS: "mds.listen.addr=" and the addresses of all nodes,
// until a facts of G1 wrote another value.
func (n *Node) ClientConf() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.clientConfLocked()
}

func (n *Node) clientConfLocked() string {
	return cmp.Or(n.clientConf, listenAddr(strings.Join(n.cluster.mdsAddrs(), ",")))
}

func listenAddr(value string) string { return "mds.listen.addr=" + value }

// mdsAddrs are the addresses of the storage's own servers, one on each node.
func (c *Cluster) mdsAddrs() []string {
	var addrs []string
	for _, n := range c.nodes {
		addrs = append(addrs, net.JoinHostPort(n.Host(), mdsPort))
	}
	return slices.Compact(addrs) // on loopback all have one host
}

// findMDS is the first MDS whose address contains addr, "" for none.
func (c *Cluster) findMDS(addr any) (string, error) {
	for _, have := range c.mdsAddrs() {
		if in, err := python.Contains(addr, have); in || err != nil {
			return have, err
		}
	}
	return "", nil
}

// runFactsWrite is that of G1: before anything else it replaces the addresses of
// the MDS in client.conf, by "None" when the request has none.
func runFactsWrite(x *exchange) (python.Object, error) {
	cmd, err := x.command()
	if err != nil {
		return nil, err
	}
	addr := cmd.get("mdsListenAddr")
	if cmd.err != nil {
		return nil, cmd.err
	}
	x.shell(addr)
	n := x.node
	n.mu.Lock()
	was := n.clientConfLocked()
	n.clientConf = listenAddr(python.Str(addr))
	x.harms("wrote client.conf: " + n.clientConf + ", was " + was)
	n.mu.Unlock()
	mds, err := n.cluster.findMDS(cmd.get("mdsAddr"))
	if err != nil {
		return nil, err
	}
	if mds == "" {
		return nil, python.Errorf("mds[%s] is not on this server", cmd.str("mdsAddr"))
	}
	return python.Object{}.With("version", n.cluster.cfg.version), nil
}

// runFactsAddr is that of G2: it answers the address of an MDS. What it says when
// it does not find one was not read.
func runFactsAddr(x *exchange) (python.Object, error) {
	cmd, err := x.command()
	if err != nil {
		return nil, err
	}
	mds, err := x.node.cluster.findMDS(cmd.get("mdsAddr"))
	if err == nil && mds == "" {
		err = python.Errorf("mds[%s] is not on this server", cmd.str("mdsAddr"))
	}
	if err != nil {
		return nil, err
	}
	return python.Object{}.With("mdsExternalAddr", mds), nil
}
