package fakemds

import (
	"errors"
	"fmt"
	"net"
)

// listener is an address of a node. The node's agent is the same behind each.
type listener struct {
	addr string       // constant once the listener was made
	ln   net.Listener // nil: closed; guarded by the node's mutex
}

// Alias gives node i one more address, which leads to the same agent with the same
// faults, state and ledger, and returns it: "mds-0-alias-1.fake:7763" in memory,
// "127.0.0.1:PORT" on loopback. Addrs does not name it.
func (c *Cluster) Alias(i int) string {
	addr, err := c.nodes[i].alias()
	c.fail(err)
	return addr
}

func (n *Node) alias() (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return "", errors.New("fakemds: the cluster is closed")
	}
	addr := fmt.Sprintf("mds-%d-alias-%d.fake:7763", n.index, len(n.listeners))
	if n.cluster.cfg.loopback {
		addr = "127.0.0.1:0"
	}
	l, err := n.addListenerLocked(addr)
	if err != nil {
		return "", err
	}
	if !n.listensLocked() {
		n.unlistenLocked()
	}
	return l.addr, nil
}

// addListenerLocked opens a listener at the address, of which the port may be 0.
func (n *Node) addListenerLocked(addr string) (*listener, error) {
	l := &listener{addr: addr}
	if err := n.openLocked(l); err != nil {
		return nil, err
	}
	l.addr = l.ln.Addr().String()
	n.listeners = append(n.listeners, l)
	return l, nil
}

func (n *Node) openLocked(l *listener) error {
	var ln net.Listener
	var err error
	if n.cluster.cfg.loopback {
		ln, err = net.Listen("tcp", l.addr)
	} else {
		ln, err = n.cluster.mem.Listen(l.addr)
	}
	if err != nil {
		return fmt.Errorf("fakemds: node %d: %w", n.index, err)
	}
	l.ln = ln
	n.wg.Go(func() { n.accept(l, ln) })
	return nil
}

// listensLocked tells whether the node is to listen at its addresses.
func (n *Node) listensLocked() bool {
	return !n.closed && !n.stopped && !(n.cluster.cfg.loopback && n.refusesLocked())
}

// listenLocked opens the listeners that are closed, if they are to be open.
func (n *Node) listenLocked() error {
	if !n.listensLocked() {
		return nil
	}
	var errs []error
	for _, l := range n.listeners {
		if l.ln == nil {
			errs = append(errs, n.openLocked(l))
		}
	}
	return errors.Join(errs...)
}

func (n *Node) unlistenLocked() {
	for _, l := range n.listeners {
		if l.ln != nil {
			shutdown(l.ln)
			l.ln.Close()
			l.ln = nil
		}
	}
}

// nodeAt returns the node that has the address, nil when there is none.
func (c *Cluster) nodeAt(addr string) *Node {
	for _, n := range c.nodes {
		if n.hasAddr(addr) {
			return n
		}
	}
	return nil
}

func (n *Node) hasAddr(addr string) bool {
	if n.addr == addr {
		return true
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, l := range n.listeners {
		if l.addr == addr {
			return true
		}
	}
	return false
}
