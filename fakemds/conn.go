package fakemds

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/zbsclient/zbsclient/fakemds/internal/memnet"
)

// agentTimeout is how long the agent waits for a request, on a new connection
// and on one kept alive. Observed on the real agent.
const agentTimeout = 15 * time.Second

// dial is a connect to an address of the node through Cluster.DialContext.
func (n *Node) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if err := n.reach(ctx, addr); err != nil {
		return nil, err
	}
	if err := n.squeeze(ctx); err != nil {
		return nil, memnet.DialError(addr, err)
	}
	return n.cluster.dialOther(ctx, network, addr)
}

// reach waits as the faults of a connect say, and returns when it gets through.
func (n *Node) reach(ctx context.Context, addr string) error {
	for {
		n.mu.Lock()
		got := n.faults.take("", func(f Fault) bool { return f.kind.onDial() })
		changed, life := n.changed, n.life
		n.mu.Unlock()
		if got.has(refuse) {
			return memnet.Refused(addr)
		}
		if !got.has(blackhole) {
			return nil
		}
		select {
		case <-ctx.Done():
			return memnet.DialError(addr, ctx.Err())
		case <-life.Done():
			return memnet.Refused(addr)
		case <-changed: // perhaps the network is back
		}
	}
}

// squeeze makes a connect wait that the agent's backlog has no room for: its SYN
// is dropped and sent again after 1 s.
func (n *Node) squeeze(ctx context.Context) error {
	for n.cluster.cfg.backlog > 0 && !n.cluster.cfg.loopback {
		n.mu.Lock()
		now := time.Now()
		if len(n.arrivals) > 0 && now.Sub(n.arrivals[0]) > time.Millisecond {
			n.arrivals = nil
		}
		room := len(n.arrivals) <= n.cluster.cfg.backlog
		if room {
			n.arrivals = append(n.arrivals, now)
		}
		n.mu.Unlock()
		if room {
			return nil
		}
		if err := sleep(ctx, time.Second); err != nil {
			return err
		}
	}
	return nil
}

// sleep waits for d or for the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (n *Node) accept(l *listener, ln net.Listener) {
	for {
		raw, err := ln.Accept()
		if err != nil {
			return
		}
		n.mu.Lock()
		dead := n.closed || n.stopped || l.ln != ln
		if !dead && n.cluster.cfg.loopback {
			// Who did not come through DialContext meets the fault here.
			dead = n.faults.take("", func(f Fault) bool { return f.kind == refuse }).has(refuse)
		}
		if dead {
			n.mu.Unlock()
			memnet.Abort(raw)
			continue
		}
		c := &conn{Conn: raw, node: n, life: n.life}
		c.log = &connLog{Conn: Conn{Node: n.addr, Remote: raw.RemoteAddr().String(), Opened: time.Now()}}
		c.log.ID = n.cluster.nextConn()
		n.live[raw] = c.log
		n.mostLive = max(n.mostLive, len(n.live))
		n.conns = append(n.conns, c.log)
		n.mu.Unlock()
		n.wg.Go(c.serve)
	}
}

// conn is the agent's end of a connection.
type conn struct {
	net.Conn
	node *Node
	life context.Context
	log  *connLog // guarded by node.mu
}

// Read counts what arrives.
func (c *conn) Read(p []byte) (int, error) {
	m, err := c.Conn.Read(p)
	if m > 0 {
		c.node.mu.Lock()
		if c.log.Bytes == 0 {
			c.log.firstByte = time.Now()
		}
		c.log.Bytes += int64(m)
		c.node.mu.Unlock()
	}
	return m, err
}

func (c *conn) end() {
	c.Close()
	c.node.mu.Lock()
	defer c.node.mu.Unlock()
	delete(c.node.live, c.Conn)
	c.log.Closed = time.Now()
}

// serve answers requests until one side is done. A thread is held from the
// start, before anything was sent, but not between requests.
func (c *conn) serve() {
	defer c.end()
	br := bufio.NewReader(c)
	for first := true; ; first = false {
		if !first {
			c.SetReadDeadline(time.Now().Add(agentTimeout))
			if _, err := br.Peek(1); err != nil {
				return
			}
		}
		if !c.acquire() {
			return
		}
		again := c.serveOne(br)
		c.release()
		if !again {
			return
		}
	}
}

func (c *conn) acquire() bool {
	if c.node.threads == nil {
		return true
	}
	select {
	case c.node.threads <- struct{}{}:
		return true
	case <-c.life.Done():
		return false
	}
}

func (c *conn) release() {
	if c.node.threads != nil {
		<-c.node.threads
	}
}

// serveOne reads a request, body included, and answers it. It reports whether
// the connection can go on.
func (c *conn) serveOne(br *bufio.Reader) bool {
	c.SetReadDeadline(time.Now().Add(agentTimeout))
	req, err := http.ReadRequest(br)
	if err != nil {
		if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) && !errors.Is(err, os.ErrDeadlineExceeded) {
			c.Write(htmlReply(http.StatusBadRequest, "Malformed Request").bytes(false))
		}
		return false
	}
	if req.Header.Get("Expect") == "100-continue" {
		c.Write([]byte("HTTP/1.1 100 Continue\r\n\r\n"))
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return false
	}
	c.SetReadDeadline(time.Time{})
	x := &exchange{conn: c, node: c.node, req: req, body: body, br: br}
	return x.serve()
}

// hang waits until the client leaves or the node dies.
func (c *conn) hang(br *bufio.Reader) {
	c.SetReadDeadline(time.Time{})
	br.WriteTo(io.Discard)
}
