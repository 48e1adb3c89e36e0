package fakemds

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/zbsclient/zbsclient/fakemds/internal/memnet"
)

// How the agent delivers a callback. Observed on the real agent.
const (
	callbackTries   = 61                // the first and 60 again
	callbackEvery   = time.Second       // between tries
	callbackTimeout = 120 * time.Second // for one answer; then it gives up
	maxRedirects    = 10
)

// serveAsync accepts the call, starts its work, and answers 200 with no body.
func (x *exchange) serveAsync(fate Fault) bool {
	id := x.req.Header.Get("taskuuid")
	accepted := reply{code: http.StatusOK}
	if x.req.Header.Get("callbackurl") == "" {
		return x.answer(accepted) // and nothing is ever executed
	}
	n := x.node
	n.mu.Lock()
	if n.tasks[id] {
		x.rec.Dropped = true
		n.mu.Unlock()
		return x.answer(accepted)
	}
	n.tasks[id] = true
	n.mu.Unlock()

	called := make(chan struct{})
	n.wg.Go(func() {
		defer close(called)
		x.work(fate)
		n.mu.Lock()
		defer n.mu.Unlock()
		if n.life == x.conn.life { // else a new process has its own ids
			delete(n.tasks, id)
		}
	})
	if x.faults.has(callbackEarly) {
		early, cancel := context.WithTimeout(x.conn.life, time.Second)
		defer cancel()
		select { // not for ever: the receiver may wait for this reply
		case <-called:
		case <-early.Done():
		}
	}
	return x.finish(fate, accepted)
}

// work does what an asynchronous call asks for and calls back.
func (x *exchange) work(fate Fault) {
	ctx := x.conn.life
	if x.pause() != nil {
		return
	}
	var result []byte
	switch fate.kind {
	case agentError:
		result = failure(fate.text)
	case agentBroken:
		result = []byte("Traceback (most recent call last):\n  File \"http.py\", line 1, in index\nException: broken\n")
	default:
		result = x.execute()
	}
	if ctx.Err() != nil || fate.kind == hangAfter || x.faults.has(callbackLost) {
		return
	}
	if sleep(ctx, x.faults[callbackLate].delay) != nil {
		return
	}
	if x.faults.has(garbage) {
		result = garbageBody
	}
	x.deliver(ctx, result)
	if x.faults.has(callbackTwice) {
		x.deliver(ctx, result)
	}
}

// deliver posts the result until some listener answered, whatever it answered.
func (x *exchange) deliver(ctx context.Context, result []byte) {
	for try := range callbackTries {
		if try > 0 && sleep(ctx, callbackEvery) != nil {
			return
		}
		once, cancel := context.WithTimeout(ctx, callbackTimeout)
		err := x.post(once, result)
		late := once.Err() != nil
		cancel()
		if err == nil || late || errors.Is(err, errBadURL) {
			return
		}
		if x.faults.has(truncate) {
			return // the fault cut it, not the listener
		}
	}
}

var (
	errBadURL      = errors.New("not a callback URL")
	errCallbackCut = errors.New("callback cut")
)

// post delivers once, following redirects as the agent's HTTP library does: a
// 303 becomes a GET, the others repeat the POST.
func (x *exchange) post(ctx context.Context, result []byte) error {
	method, target := http.MethodPost, x.req.Header.Get("callbackurl")
	for range maxRedirects {
		u, err := url.Parse(target)
		if err != nil || u.Scheme != "http" || u.Host == "" {
			return errBadURL
		}
		resp, err := x.send(ctx, method, u, result)
		if err != nil {
			return err
		}
		resp.Body.Close()
		switch resp.StatusCode {
		case http.StatusSeeOther:
			method, result = http.MethodGet, nil
		case http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		default:
			return nil
		}
		next, err := resp.Location()
		if err != nil {
			return nil
		}
		target = u.ResolveReference(next).String()
	}
	return nil
}

// send makes one HTTP request on a connection of its own.
func (x *exchange) send(ctx context.Context, method string, u *url.URL, body []byte) (*http.Response, error) {
	if h := x.node.cluster.callbackHandler(u.Host); h != nil {
		return x.postTo(ctx, h, method, u, body)
	}
	addr := u.Host
	if u.Port() == "" {
		addr = net.JoinHostPort(u.Hostname(), "80")
	}
	conn, err := x.node.cluster.dialOther(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { memnet.Abort(conn) })
	defer stop()

	var msg bytes.Buffer
	fmt.Fprintf(&msg, "%s %s HTTP/1.1\r\nHost: %s\r\nAccept-Encoding: identity\r\n", method, u.RequestURI(), u.Host)
	fmt.Fprintf(&msg, "Content-Type: application/json\r\nConnection: close\r\n")
	fmt.Fprintf(&msg, "taskuuid: %s\r\n", x.req.Header.Get("taskuuid"))
	if x.faults.has(agentBroken) {
		msg.WriteString("error: Exception: broken\r\n")
	}
	if method == http.MethodPost {
		fmt.Fprintf(&msg, "Content-Length: %d\r\n", len(body))
	}
	msg.WriteString("User-Agent: python-urllib3/1.26.12\r\n\r\n")
	msg.Write(body)
	x.note(func(r *Request) { r.Callbacks++ })
	if !sendBody(ctx, conn, msg.Bytes(), len(body), x.faults) {
		return nil, errCallbackCut
	}
	return http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
}
