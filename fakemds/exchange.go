package fakemds

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/fakemds/internal/agent"
)

// backend is what the requests to a node work on.
type backend struct {
	root   string // deployment prefix of all paths
	agent  *agent.Agent
	faults *faultSet
	ledger *ledger
	net    *network
	wg     sync.WaitGroup // of all goroutines of the node
}

// exchange is one request on its way through the agent.
type exchange struct {
	*backend
	proc *process
	conn net.Conn // to write to, and to cut
	br   *bufio.Reader
	log  *connLog // of the connection

	req    *http.Request
	body   []byte
	name   string          // of the endpoint, or the path where it is no agent's
	ep     *agent.Endpoint // nil: no such path
	faults taken
	rec    *Request // guarded by the ledger
}

// hang waits until the client leaves or the node dies.
func (x *exchange) hang() {
	x.conn.SetReadDeadline(time.Time{})
	x.br.WriteTo(io.Discard)
}

// pause waits as Slow asks for, as long as the agent lives.
func (x *exchange) pause() error { return sleep(x.proc.life, x.faults[slow].delay) }

const prefix = "/zbs/primarystorage/"

// find finds the endpoint of the path. A trailing slash is fine.
func (x *exchange) find() {
	path, inRoot := strings.CutPrefix(x.req.URL.Path, x.root)
	name, known := strings.CutPrefix(strings.TrimSuffix(path, "/"), prefix)
	x.name = name
	if inRoot && known {
		x.ep = agent.Lookup(x.agent.Generation(), name)
	}
}

// record enters the request into the ledger and takes the faults that act on it.
func (x *exchange) record() {
	x.find()
	name, async := "", false
	if x.ep != nil {
		name, async = x.ep.Name, !x.ep.Sync
	}
	probe := isProbe(x.req, x.body, x.ep)
	x.faults = x.backend.faults.take(name, func(f Fault) bool {
		switch {
		case probe && !f.onProbe():
			return false
		case f.kind.onCallback():
			return async
		case f.kind == staleList:
			return name == "volume/clients"
		}
		return f.kind != refuse
	})
	x.rec = &Request{
		Endpoint: name, Method: x.req.Method, Path: x.req.RequestURI, Header: x.req.Header, Body: x.body,
		TaskID: x.req.Header.Get("taskuuid"), Faults: x.faults.list(), Probe: probe,
	}
	x.ledger.enter(x.rec, x.log)
	if holdsPassword(x.body) && (x.ep == nil || !x.ep.NeedsPassword || probe) {
		x.ledger.harmed(x.rec, x.name, "got a password that it does not need")
	}
}

// execute runs the endpoint and returns the JSON of its result.
func (x *exchange) execute() []byte {
	x.ledger.change(x.rec, func(r *Request) { r.Executed = true })
	req := agent.Request{Body: x.body}
	if f, ok := x.faults[storageError]; ok {
		req.StorageError = errors.New(f.text)
	}
	if x.faults.has(staleList) {
		req.Frozen = x.backend.faults.staleLists()
	}
	result := x.ep.Run(x.proc.life, x.agent, req)
	x.ledger.harmed(x.rec, x.name, result.Harm...)
	x.ledger.change(x.rec, func(r *Request) {
		r.DidNothing = result.DidNothing
		if result.Err != nil {
			r.Failure = result.Err.Error()
		}
	})
	return result.Body
}

// answer writes the reply with the faults of the body, which on an asynchronous
// call belong to the callback instead.
func (x *exchange) answer(r reply) bool {
	faults := x.faults
	if x.ep != nil && !x.ep.Sync {
		faults = nil
	}
	if faults.has(garbage) {
		r.body = garbageBody
	}
	head := x.req.Method == http.MethodHead
	out := r.bytes(head)
	bodyLen := len(r.body)
	if head {
		bodyLen = 0
	}
	x.ledger.change(x.rec, func(rec *Request) { rec.Status = r.code })
	if !sendBody(x.proc.life, x.conn, out, bodyLen, faults) {
		return false
	}
	x.ledger.change(x.rec, func(rec *Request) { rec.Answered = true })
	return !x.req.Close
}
