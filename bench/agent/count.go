package agent

import (
	"errors"
	"maps"
	"net"
	"sync"
	"syscall"
	"time"
)

// Counts is what reached an agent since the last Reset.
type Counts struct {
	Requests   int // received
	Executions int // of volume/clone
	Accepted   int // connections
	Open       int // connections, now
	MostOpen   int // connections at once
	Silent     int // connections that had sent nothing after 100 ms
	Resets     int // connections that the client reset
}

// counter counts. It keeps executions by volume, to tell a repeated one from that of
// another call. It keeps tasks because an agent drops a task that it has already.
type counter struct {
	mu      sync.Mutex // guards what follows
	counts  Counts
	volumes map[string]int
	tasks   map[string]bool
}

func (c *counter) add(change func(*Counts)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.counts)
	c.counts.MostOpen = max(c.counts.MostOpen, c.counts.Open)
}

// execute reports whether the task is new, and counts it.
func (c *counter) execute(task, volume string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tasks[task] {
		return false
	}
	if c.tasks == nil {
		c.tasks, c.volumes = make(map[string]bool), make(map[string]int)
	}
	c.tasks[task] = true
	c.volumes[volume]++
	c.counts.Executions++
	return true
}

func (c *counter) report() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts
}

func (c *counter) executed() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.volumes)
}

// reset forgets everything but the connections that are open.
func (c *counter) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts = Counts{Open: c.counts.Open, MostOpen: c.counts.Open}
	c.volumes, c.tasks = nil, nil
}

// conn is an accepted connection that counts itself. It sends and receives nothing
// while the agent is a black hole.
type conn struct {
	*net.TCPConn
	counter *counter
	gate    *gate
	notice  *time.Timer // fires when the connection was silent for too long
	close   sync.Once
	thread  bool // it holds a thread; see threads
}

func newConn(tcp *net.TCPConn, counter *counter, gate *gate) *conn {
	c := &conn{TCPConn: tcp, counter: counter, gate: gate}
	counter.add(func(n *Counts) { n.Accepted++; n.Open++ })
	c.notice = time.AfterFunc(silentNotice, func() {
		if c.silent() {
			counter.add(func(n *Counts) { n.Silent++ })
		}
	})
	return c
}

// silent looks for bytes that the agent has not read yet. A connection that waits for
// a thread of the agent is not silent: the agent is slow.
func (c *conn) silent() bool {
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	nothing := false
	err = raw.Control(func(fd uintptr) {
		_, _, err := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		nothing = errors.Is(err, syscall.EAGAIN)
	})
	return err == nil && nothing
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	if n > 0 {
		c.notice.Stop()
	}
	c.gate.wait()
	if errors.Is(err, syscall.ECONNRESET) {
		c.counter.add(func(n *Counts) { n.Resets++ })
	}
	return n, err
}

func (c *conn) Write(p []byte) (int, error) {
	c.gate.wait()
	return c.TCPConn.Write(p)
}

func (c *conn) Close() error {
	c.close.Do(func() {
		c.notice.Stop()
		c.counter.add(func(n *Counts) { n.Open-- })
	})
	return c.TCPConn.Close()
}
