package fakemds

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/zbsclient/zbsclient/fakemds/internal/memnet"
	"github.com/zbsclient/zbsclient/fakemds/internal/python"
)

// exchange is one request on its way through the agent.
type exchange struct {
	conn   *conn
	node   *Node
	req    *http.Request
	body   []byte
	br     *bufio.Reader
	ep     *endpoint // nil: no such path
	gen    Generation
	faults taken
	rec    *Request // guarded by node.mu

	done []string // harm that the handler did, until settle
	idle bool     // the handler had something to change and did not
}

// reply is an HTTP answer of the agent.
type reply struct {
	code int
	body []byte
}

// bytes is the reply on the wire. The agent labels everything text/html.
func (r reply) bytes(head bool) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", r.code, http.StatusText(r.code))
	b.WriteString("Content-Type: text/html;charset=utf-8\r\nServer: CherryPy/18.8.0\r\n")
	fmt.Fprintf(&b, "Date: %s\r\n", time.Now().UTC().Format(http.TimeFormat))
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n", len(r.body))
	if !head {
		b.Write(r.body)
	}
	return b.Bytes()
}

// serve decides the fate of the request and reports whether the connection can
// go on.
func (x *exchange) serve() bool {
	x.record()
	fate := x.faults.fate()
	switch fate.kind {
	case hang, reset, hangUp, status, agentError, agentBroken:
		return x.serveFault(fate)
	}
	if x.faults.has(blackhole) {
		x.conn.hang(x.br)
		return false
	}
	if r, bad := x.check(); bad {
		return x.answer(r)
	}
	if !x.ep.sync {
		return x.serveAsync(fate)
	}
	if x.pause() != nil {
		return false
	}
	result := x.execute()
	return x.finish(fate, reply{http.StatusOK, result})
}

// finish answers r, or does what a fault does instead once the work is done.
func (x *exchange) finish(fate Fault, r reply) bool {
	switch fate.kind {
	case hangAfter:
		x.conn.hang(x.br)
		return false
	case resetAfter:
		memnet.Abort(x.conn.Conn)
		return false
	case hangUpAfter:
		return false
	case statusAfter:
		return x.answer(htmlReply(fate.code, ""))
	}
	return x.answer(r)
}

// serveFault does what a fault does instead of executing.
func (x *exchange) serveFault(f Fault) bool {
	if f.kind == agentError || f.kind == agentBroken {
		return x.serveError(f)
	}
	if x.pause() != nil {
		return false
	}
	switch f.kind {
	case hang:
		x.conn.hang(x.br)
	case reset:
		memnet.Abort(x.conn.Conn)
	case status:
		return x.answer(htmlReply(f.code, ""))
	}
	return false
}

// serveError reports an error of the agent in the way the endpoint reports its
// result.
func (x *exchange) serveError(f Fault) bool {
	if r, bad := x.check(); bad {
		return x.answer(r)
	}
	if !x.ep.sync {
		return x.serveAsync(f)
	}
	if x.pause() != nil {
		return false
	}
	if f.kind == agentBroken {
		return x.answer(htmlReply(http.StatusInternalServerError, ""))
	}
	return x.answer(reply{http.StatusOK, failure(f.text)})
}

// failure is the JSON of an error that the agent reports.
func failure(text string) []byte {
	return python.Dump(python.Object{}.With("success", false).With("error", text))
}

// pause waits as Slow asks for, as long as the agent lives.
func (x *exchange) pause() error { return sleep(x.conn.life, x.faults[slow].delay) }

// record writes the request into the ledger and takes the faults that act on it.
func (x *exchange) record() {
	x.node.mu.Lock()
	x.gen = x.node.agent.generation
	x.node.mu.Unlock()
	if path, ok := strings.CutPrefix(x.req.URL.Path, x.node.cluster.cfg.root); ok {
		x.ep = lookup(path, x.gen)
	}
	name := ""
	if x.ep != nil {
		name = x.ep.name
	}
	async := x.ep != nil && !x.ep.sync
	probe := x.isProbe()
	id := x.node.cluster.nextRequest()
	n := x.node
	n.mu.Lock()
	defer n.mu.Unlock()
	x.faults = n.faults.take(name, func(f Fault) bool {
		k := f.kind
		switch {
		case probe && !f.onProbe():
			return false
		case k.onCallback():
			return async
		case k == staleList:
			return name == "volume/clients"
		}
		return k != refuse
	})
	x.conn.log.Requests++
	x.rec = &Request{
		ID: id, Node: n.addr, Conn: x.conn.log.ID, Endpoint: name, Method: x.req.Method,
		Path: x.req.RequestURI, Header: x.req.Header, Body: x.body,
		TaskID: x.req.Header.Get("taskuuid"), At: time.Now(), Faults: x.faults.names(),
		Probe: probe,
	}
	n.requests = append(n.requests, x.rec)
	if x.leaksPassword(probe) {
		x.harmLocked("got a password that it does not need")
	}
}

// isProbe tells whether the request is refused before it is a task, whatever else
// is wrong with it.
func (x *exchange) isProbe() bool {
	if x.ep != nil && x.ep.sync {
		return x.ep.name == "volume/clients" && x.formEncoded()
	}
	_, hasTask := x.req.Header["Taskuuid"]
	_, hasCallback := x.req.Header["Callbackurl"]
	return !hasTask && !hasCallback
}

// formEncoded tells whether CherryPy takes the body for the fields of a form, which
// it then wants to be parameters of the handler.
func (x *exchange) formEncoded() bool {
	return strings.HasPrefix(x.req.Header.Get("Content-Type"), "application/x-www-form-urlencoded") && len(x.body) > 0
}

// traits are those of the agent when the request came.
func (x *exchange) traits() traits { return generationTraits[x.gen] }

func (x *exchange) note(f func(*Request)) {
	x.node.mu.Lock()
	defer x.node.mu.Unlock()
	f(x.rec)
}

// check is what CherryPy and the agent's HTTP layer refuse by themselves.
func (x *exchange) check() (reply, bool) {
	if x.req.Host == "" {
		return htmlReply(http.StatusBadRequest, "HTTP/1.1 requires a 'Host' request header."), true
	}
	if x.ep == nil {
		path := x.req.URL.Path
		if rest, ok := strings.CutPrefix(path, "//"); ok { // its first part passes for a host
			_, rest, _ = strings.Cut(rest, "/")
			path = "/" + rest
		}
		return htmlReply(http.StatusNotFound, fmt.Sprintf("The path '%s' was not found.", path)), true
	}
	hasBody := x.req.Method == "POST" || x.req.Method == "PUT" || x.req.Method == "PATCH"
	if hasBody && x.req.Header.Get("Content-Length") == "" && len(x.req.TransferEncoding) == 0 {
		return htmlReply(http.StatusLengthRequired, "Client must specify Content-Length"), true
	}
	if q := x.req.URL.Query(); len(q) > 0 {
		return htmlReply(http.StatusNotFound, "Unexpected query string parameters: "+strings.Join(sortedKeys(q), ", ")), true
	}
	if x.formEncoded() {
		fields, _ := url.ParseQuery(string(x.body)) // a bad field is left out
		return htmlReply(http.StatusBadRequest, "Unexpected body parameters: "+strings.Join(sortedKeys(fields), ", ")), true
	}
	if !utf8.Valid(x.body) || x.req.Header.Get("Content-Encoding") == "gzip" && len(x.body) > 0 {
		return htmlReply(http.StatusInternalServerError, ""), true
	}
	_, hasTask := x.req.Header["Taskuuid"]
	switch {
	case x.ep.sync && x.req.Header.Get("taskuuid") != "":
		return htmlReply(http.StatusInternalServerError, ""), true
	case !x.ep.sync && !hasTask:
		return htmlReply(http.StatusBadRequest, "taskuuid is missing"), true
	}
	return reply{}, false
}

// execute runs the handler and returns the JSON of its result.
func (x *exchange) execute() []byte {
	x.note(func(r *Request) { r.Executed = true })
	result, err := x.ep.run(x)
	x.settle(err)
	if err != nil {
		return failure(err.Error())
	}
	if result == nil {
		return nil
	}
	return python.Dump(append(python.Object{}.With("success", true).With("error", ""), result...))
}

// answer writes the reply with the faults of the body, which on an asynchronous
// call belong to the callback instead.
func (x *exchange) answer(r reply) bool {
	faults := x.faults
	if x.ep != nil && !x.ep.sync {
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
	x.note(func(rec *Request) { rec.Status = r.code })
	if !sendBody(x.conn.life, x.conn, out, bodyLen, faults) {
		return false
	}
	x.note(func(rec *Request) { rec.Answered = true })
	return !x.req.Close
}
