package fakemds

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
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

// callback is the result of an asynchronous call on its way to the caller.
type callback struct {
	net    *network
	url    string
	taskID string
	faults taken
	sent   func() // called for each request that is sent
}

// deliver posts the result until a listener answers, whatever it answers.
func (c *callback) deliver(ctx context.Context, result []byte) {
	for try := range callbackTries {
		if try > 0 && sleep(ctx, callbackEvery) != nil {
			return
		}
		once, cancel := context.WithTimeout(ctx, callbackTimeout)
		err := c.post(once, result)
		late := once.Err() != nil
		cancel()
		if err == nil || late || errors.Is(err, errBadURL) {
			return
		}
		if c.faults.has(truncate) {
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
func (c *callback) post(ctx context.Context, result []byte) error {
	method, target := http.MethodPost, c.url
	for range maxRedirects {
		u, err := url.Parse(target)
		if err != nil || u.Scheme != "http" || u.Host == "" {
			return errBadURL
		}
		resp, err := c.send(ctx, method, u, result)
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
func (c *callback) send(ctx context.Context, method string, u *url.URL, body []byte) (*http.Response, error) {
	if h := c.net.callbackHandler(u.Host); h != nil {
		return c.sendTo(ctx, h, method, u, body)
	}
	addr := u.Host
	if u.Port() == "" {
		addr = net.JoinHostPort(u.Hostname(), "80")
	}
	conn, err := c.net.dial(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { memnet.Abort(conn) })
	defer stop()

	var msg bytes.Buffer
	fmt.Fprintf(&msg, "%s %s HTTP/1.1\r\nHost: %s\r\nAccept-Encoding: identity\r\n", method, u.RequestURI(), u.Host)
	fmt.Fprintf(&msg, "Content-Type: application/json\r\nConnection: close\r\n")
	fmt.Fprintf(&msg, "taskuuid: %s\r\n", c.taskID)
	if c.faults.has(agentBroken) {
		msg.WriteString("error: Exception: broken\r\n")
	}
	if method == http.MethodPost {
		fmt.Fprintf(&msg, "Content-Length: %d\r\n", len(body))
	}
	msg.WriteString("User-Agent: python-urllib3/1.26.12\r\n\r\n")
	msg.Write(body)
	c.sent()
	if !sendBody(ctx, conn, msg.Bytes(), len(body), c.faults) {
		return nil, errCallbackCut
	}
	return http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
}

// sendTo hands a callback to a handler. A handler that aborts is a connection
// that was closed unanswered.
func (c *callback) sendTo(ctx context.Context, h http.Handler, method string, u *url.URL, body []byte) (resp *http.Response, err error) {
	var msg bytes.Buffer
	c.sent()
	if !sendBody(ctx, &msg, body, len(body), c.faults) {
		return nil, errCallbackCut
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), &msg)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("taskuuid", c.taskID)
	if c.faults.has(agentBroken) {
		req.Header.Set("error", "Exception: broken")
	}
	defer func() {
		if recover() != nil {
			err = io.EOF
		}
	}()
	w := &recorder{header: http.Header{}, code: http.StatusOK}
	h.ServeHTTP(w, req)
	return &http.Response{StatusCode: w.code, Header: w.header, Body: http.NoBody, Request: req}, nil
}

// recorder takes what a callback handler answers; its body is not needed.
type recorder struct {
	header http.Header
	code   int
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) Write(p []byte) (int, error) { return len(p), nil }
func (r *recorder) WriteHeader(code int)        { r.code = code }
