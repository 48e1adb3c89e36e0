package client

import (
	"context"
	"crypto/rand"
	"io"
	"net"
	"net/http"
	"sync"

	"github.com/zbsclient/zbsclient/zbs"
)

// callbacks receives the results that agents post to the clients other than ours. It
// listens from the first task on.
type callbacks struct {
	mu     sync.Mutex // guards what follows
	server *http.Server
	url    string
	tasks  map[string]chan []byte
}

// begin returns the headers of a new task, and the channel of its result.
func (c *callbacks) begin() (id string, header http.Header, result <-chan []byte, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.server == nil {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", nil, nil, err
		}
		c.tasks = make(map[string]chan []byte)
		c.url = "http://" + l.Addr().String() + "/"
		c.server = &http.Server{Handler: c}
		go c.server.Serve(l)
	}
	id = rand.Text()
	task := make(chan []byte, 1)
	c.tasks[id] = task
	header = make(http.Header)
	header.Set(zbs.HeaderTaskID, id)
	header.Set(zbs.HeaderCallbackURL, c.url)
	return id, header, task, nil
}

// take removes a task. It returns nil for a task that no caller waits for.
func (c *callbacks) take(id string) chan []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	task := c.tasks[id]
	delete(c.tasks, id)
	return task
}

func (c *callbacks) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if task := c.take(r.Header.Get(zbs.HeaderTaskID)); task != nil {
		task <- body
	}
}

// await waits for a result as long as ctx allows.
func (c *callbacks) await(ctx context.Context, result <-chan []byte) ([]byte, error) {
	select {
	case body := <-result:
		return body, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (c *callbacks) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.server != nil {
		c.server.Close()
	}
}
