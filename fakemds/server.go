package fakemds

import (
	"fmt"
	"html"
	"io"
	"log"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

var silent = log.New(io.Discard, "", 0)

// exchange is one request on its way through the agent.
type exchange struct {
	node     *Node
	w        http.ResponseWriter
	r        *http.Request
	endpoint endpoint
	known    bool
	body     []byte
	entry    *Request
	faults   faults
}

// ServeHTTP is the agent.
func (n *Node) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body) // also lets net/http see the client leave
	if err != nil {
		return
	}
	name := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, prefix), "/")
	x := &exchange{node: n, w: w, r: r, body: body}
	if n.blackholed() {
		x.hang() // what is sent on an open connection gets lost, too
	}
	x.endpoint, x.known = endpoints[name]
	x.known = x.known && strings.HasPrefix(r.URL.Path, prefix) && (x.endpoint.old || !n.legacy())
	if !x.known {
		name = r.URL.Path
	}
	conn, _ := r.Context().Value(connKey{}).(*nodeConn)
	x.entry = &Request{
		Endpoint: name, Method: r.Method, Header: r.Header.Clone(), Body: body,
		TaskID: r.Header.Get("taskuuid"), Conn: conn.entry.ID, Time: time.Now(),
	}
	n.ledger.add(x.entry)
	x.faults = n.take(name)
	x.play()
}

// play runs the exchange: faults before, the command, faults after.
func (x *exchange) play() {
	if slow, ok := x.faults.find(kindSlow); ok && !x.sleep(slow.delay) {
		return
	}
	if f, ok := x.faults.find(kindHang, kindReset, kindStatus); ok {
		switch f.kind {
		case kindHang:
			x.hang()
		case kindReset:
			x.reset()
		default:
			x.page(f.status, "injected by a test")
		}
		return
	}
	if status, why := x.refusal(); status != 0 {
		x.page(status, why)
		return
	}
	if x.endpoint.sync {
		x.playSync()
	} else {
		x.playAsync()
	}
}

// sleep waits, unless the client or the cluster goes away.
func (x *exchange) sleep(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-x.r.Context().Done():
		return false
	case <-x.node.cluster.ctx.Done():
		return false
	}
}

// hang keeps the request unanswered until its connection goes away.
func (x *exchange) hang() {
	select {
	case <-x.r.Context().Done():
	case <-x.node.cluster.ctx.Done():
	}
	panic(http.ErrAbortHandler)
}

// reset cuts the connection.
func (x *exchange) reset() {
	if conn, ok := x.r.Context().Value(connKey{}).(*nodeConn); ok {
		conn.reset()
	}
	panic(http.ErrAbortHandler)
}

// refusal is what the agent's HTTP server refuses by itself.
func (x *exchange) refusal() (status int, why string) {
	r := x.r
	_, hasLength := r.Header["Content-Length"]
	switch {
	case (r.Method == http.MethodPost || r.Method == http.MethodPut) && !hasLength && len(r.TransferEncoding) == 0:
		return http.StatusLengthRequired, "Client must specify Content-Length"
	case !x.known:
		return http.StatusNotFound, fmt.Sprintf("The path '%s' was not found.", r.URL.Path)
	case r.URL.RawQuery != "":
		return http.StatusNotFound, "Unexpected query string parameters: " + strings.ReplaceAll(r.URL.RawQuery, "=", ", ")
	case strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") && len(x.body) > 0:
		return http.StatusBadRequest, "Unexpected body parameters"
	case x.endpoint.sync && r.Header.Get("taskuuid") != "":
		return http.StatusInternalServerError, serverBroke
	case !x.endpoint.sync && r.Header["Taskuuid"] == nil:
		return http.StatusBadRequest, "no taskuuid in the header"
	case !utf8.Valid(x.body):
		return http.StatusInternalServerError, serverBroke
	}
	return 0, ""
}

const serverBroke = "The server encountered an unexpected condition which prevented it from fulfilling the request."

// header of every response.
func (x *exchange) header(contentType string) {
	h := x.w.Header()
	h.Set("Server", "CherryPy/18.8.0")
	h.Set("Content-Type", contentType)
}

// page answers with an error page as CherryPy writes them.
func (x *exchange) page(status int, why string) {
	title := fmt.Sprintf("%d %s", status, http.StatusText(status))
	page := fmt.Sprintf("<!DOCTYPE html>\n<html>\n<head>\n    <title>%s</title>\n</head>\n    <body>\n        <h2>%s</h2>\n"+
		"        <p>%s</p>\n        <pre id=\"traceback\"></pre>\n    </body>\n</html>\n", title, title, html.EscapeString(why))
	x.node.ledger.answered(x.entry, status)
	x.header("text/html;charset=utf-8")
	x.w.Header().Set("Content-Length", fmt.Sprint(len(page)))
	x.w.WriteHeader(status)
	io.WriteString(x.w, page)
}

// answer is what the command comes to, and after what time.
func (x *exchange) answer() ([]byte, time.Duration) {
	if f, ok := x.faults.find(kindAgentError); ok {
		return dump(failure("%s", f.text)), 0
	}
	x.node.ledger.executed(x.entry)
	reply, after := x.endpoint.execute(x.node, x.body)
	if reply == nil {
		return nil, after
	}
	return dump(reply), after
}

// spoilt is the answer as the faults leave it.
func (x *exchange) spoilt(body []byte) []byte {
	if x.faults.has(kindGarbage) {
		return []byte("\x16\x03garbage<html>")
	}
	return body
}

func (x *exchange) playSync() {
	body, after := x.answer()
	if after > 0 && !x.sleep(after) {
		return
	}
	if x.endAfter() {
		return
	}
	body = x.spoilt(body)
	x.node.ledger.answered(x.entry, http.StatusOK)
	x.header("text/html;charset=utf-8")
	x.w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	if x.faults.has(kindTruncate) {
		x.truncate(body)
		return
	}
	if f, ok := x.faults.find(kindSlowBody); ok {
		x.writeSlowly(body, f.delay)
		return
	}
	x.w.Write(body)
}

// endAfter plays the faults that take the response of an executed command.
func (x *exchange) endAfter() bool {
	f, ok := x.faults.find(kindHangAfter, kindResetAfter, kindStatusAfter)
	if !ok {
		return false
	}
	switch f.kind {
	case kindHangAfter:
		x.hang()
	case kindResetAfter:
		x.reset()
	default:
		x.page(f.status, "injected by a test")
	}
	return true
}

// truncate sends half of what Content-Length says and ends the connection.
func (x *exchange) truncate(body []byte) {
	x.w.WriteHeader(http.StatusOK)
	x.w.Write(body[:len(body)/2])
	http.NewResponseController(x.w).Flush()
	panic(http.ErrAbortHandler)
}

func (x *exchange) writeSlowly(body []byte, d time.Duration) {
	const pieces = 10
	flusher := http.NewResponseController(x.w)
	for i := range pieces {
		if !x.sleep(d / pieces) {
			return
		}
		x.w.Write(body[len(body)*i/pieces : len(body)*(i+1)/pieces])
		flusher.Flush()
	}
}

// playAsync answers "received" and posts the result later, unless the task id
// is in flight, in which case nothing more happens.
func (x *exchange) playAsync() {
	n, id, callbackURL := x.node, x.r.Header.Get("taskuuid"), x.r.Header.Get("callbackurl")
	if callbackURL != "" && n.begin(id) {
		body, after := x.answer()
		if x.faults.has(kindHangAfter) || x.faults.has(kindCallbackLost) {
			n.finish(id)
		} else {
			n.cluster.work.Go(func() {
				defer n.finish(id)
				x.callBack(callbackURL, body, after)
			})
		}
	}
	if x.endAfter() {
		return
	}
	n.ledger.answered(x.entry, http.StatusOK)
	x.header("text/html;charset=utf-8")
	x.w.Header().Set("Content-Length", "0")
	x.w.WriteHeader(http.StatusOK)
}

// begin takes a task id, false when it is in flight.
func (n *Node) begin(id string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.tasks[id] {
		return false
	}
	n.tasks[id] = true
	return true
}

func (n *Node) finish(id string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.tasks, id)
}
