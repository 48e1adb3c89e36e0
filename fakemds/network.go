package fakemds

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"sync"

	"github.com/zbsclient/zbsclient/fakemds/internal/memnet"
)

// network is how a cluster connects: in memory or over real sockets. Safe for
// concurrent use.
type network struct {
	mem      *memnet.Network
	loopback bool // the nodes have real sockets

	mu       sync.Mutex // guards the fields below
	closed   bool
	lns      []net.Listener
	handlers map[string]http.Handler // of callbacks, by host
}

// dial connects to a listener that is not a node's, or to a node as if no fault acted
// on the connect.
func (n *network) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if memnet.InMemory(addr) {
		return n.mem.Dial(ctx, addr)
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, memnet.DialError(addr, err)
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() || n.loopback {
		var d net.Dialer
		return d.DialContext(ctx, network, addr)
	}
	return nil, memnet.Refused(addr)
}

// listen opens a listener of a node.
func (n *network) listen(addr string) (net.Listener, error) {
	if n.loopback {
		return net.Listen("tcp", addr)
	}
	return n.mem.Listen(addr)
}

// listenForCallbacks opens a listener that close closes.
func (n *network) listenForCallbacks() (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil, errClosed
	}
	addr := "127.0.0.1:0"
	if !n.loopback {
		addr = net.JoinHostPort("callback.fake", strconv.Itoa(n.mem.Port()))
	}
	ln, err := n.listen(addr)
	if err == nil {
		n.lns = append(n.lns, ln)
	}
	return ln, err
}

var errClosed = errors.New("fakemds: the cluster is closed")

// handleCallbacks gives the callbacks for the host to the handler.
func (n *network) handleCallbacks(host string, h http.Handler) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.handlers == nil {
		n.handlers = map[string]http.Handler{}
	}
	n.handlers[host] = h
}

// callbackHandler returns the handler of the callbacks for the host, nil when they
// take a connection.
func (n *network) callbackHandler(host string) http.Handler {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.handlers[host]
}

// shut makes listenForCallbacks fail from now on, and reports whether it did already.
func (n *network) shut() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	was := n.closed
	n.closed = true
	return was
}

// close closes the listeners of listenForCallbacks.
func (n *network) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, ln := range n.lns {
		ln.Close()
	}
}
