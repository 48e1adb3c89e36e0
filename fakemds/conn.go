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
)

// agentTimeout is how long the agent waits for a request, on a new connection
// and on one kept alive. Observed on the real agent.
const agentTimeout = 15 * time.Second

// threads limits how many connections the agent serves at a time; nil: no limit.
type threads chan struct{}

// acquire waits for a free thread, and reports false when the agent ends first.
func (t threads) acquire(life context.Context) bool {
	if t == nil {
		return true
	}
	select {
	case t <- struct{}{}:
		return true
	case <-life.Done():
		return false
	}
}

func (t threads) release() {
	if t != nil {
		<-t
	}
}

// conn is the agent's end of a connection.
type conn struct {
	net.Conn
	backend *backend
	proc    *process
	threads threads
	log     *connLog
}

// Read counts what arrives.
func (c *conn) Read(p []byte) (int, error) {
	m, err := c.Conn.Read(p)
	if m > 0 {
		c.backend.ledger.received(c.log, m)
	}
	return m, err
}

// serve answers requests until one side is done. A thread is held from the
// start, before anything was sent, but not between requests.
func (c *conn) serve() {
	defer c.Close()
	br := bufio.NewReader(c)
	for first := true; ; first = false {
		if !first {
			c.SetReadDeadline(time.Now().Add(agentTimeout))
			if _, err := br.Peek(1); err != nil {
				return
			}
		}
		if !c.threads.acquire(c.proc.life) {
			return
		}
		again := c.serveOne(br)
		c.threads.release()
		if !again {
			return
		}
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
	x := &exchange{backend: c.backend, proc: c.proc, conn: c.Conn, br: br, log: c.log, req: req, body: body}
	return x.serve()
}
