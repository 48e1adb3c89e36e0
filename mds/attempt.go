package mds

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/zbsclient/zbsclient/zbs"
)

// maxAnswer bounds an answer, in bytes. A capacity answer takes about 400 per pool.
const maxAnswer = 16 << 20

// op is a call, the same for every MDS it goes to.
type op struct {
	endpoint zbs.Endpoint
	command  any
	decode   func([]byte) (any, error)
}

// result is an attempt with its answer.
type result struct {
	Attempt
	answer any
}

// health is what the attempt tells the breaker.
func (r result) health() error {
	switch {
	case r.outcome == cancelled, errors.Is(r.Err, ErrBusy), errors.Is(r.Err, errLocal):
		return errNeutral
	case r.outcome == unsent, r.outcome == faulted, r.outcome == timedOut:
		return errUnhealthy
	}
	return nil
}

// errLocal marks a failure on our side, before the MDS had a part in it.
var errLocal = errors.New("local failure")

// attempt asks one MDS once, within the call's time-out.
func (c *Caller) attempt(ctx context.Context, n *node, o op, cc callConfig) result {
	c.cfg.onAttempt(o.endpoint, n.addr)
	start, timeout := time.Now(), cc.timeout
	limit := &timeoutError{what: "no answer", after: timeout}
	attemptCtx, cancel := context.WithTimeoutCause(ctx, timeout, limit)
	defer cancel()

	r := c.ask(attemptCtx, n, o, cc.refuseOld)
	r.Addr = n.addr
	r.Duration = time.Since(start)
	if r.Err == nil {
		return r
	}
	switch {
	case ctx.Err() != nil:
		r.outcome = cancelled
		r.Err = ctx.Err()
	case attemptCtx.Err() != nil && r.outcome != rejected && r.outcome != denied:
		r.outcome = timedOut
		if !errors.Is(r.Err, ErrBusy) && !isOurTimeout(r.Err) {
			r.Err = limit
		}
	}
	if !r.Sent && (r.outcome == faulted || r.outcome == timedOut) {
		r.outcome = unsent
	}
	r.Err = bare(r.Err)
	return r
}

// ask asks the MDS, unless the call refuses old agents and this one is.
func (c *Caller) ask(ctx context.Context, n *node, o op, refuseOld bool) result {
	if refuseOld {
		if r, ok := c.understands(ctx, n, o); !ok {
			return r
		}
	}
	if o.endpoint.Mode == zbs.Sync {
		return c.askSync(ctx, n, o)
	}
	r := c.askAsync(ctx, n, o)
	if o.endpoint == zbs.EndpointFacts {
		n.learnGeneration(r)
	}
	return r
}

func isOurTimeout(err error) bool {
	var t *timeoutError
	return errors.As(err, &t)
}

// askSync sends the request and reads the answer from the response.
func (c *Caller) askSync(ctx context.Context, n *node, o op) result {
	resp := c.post(ctx, n, o, nil)
	if resp.Err != nil {
		return resp.result
	}
	return judge(resp.result, n, o, resp.header, resp.body)
}

// judge turns the bytes of an answer into the outcome of the attempt.
func judge(r result, n *node, o op, header http.Header, body []byte) result {
	if _, broke := header[http.CanonicalHeaderKey(zbs.HeaderAgentBroke)]; broke {
		r.Phase, r.outcome = PhaseDecode, faulted
		r.Err = o.discreet(fmt.Errorf("%w: the agent broke: %s", zbs.ErrMalformed, lastLine(body)))
		return r
	}
	answer, err := o.decode(body)
	if err == nil {
		r.answer = answer
		return r
	}
	r.Phase, r.outcome, r.Err = PhaseDecode, faulted, o.discreet(err)
	if no, ok := errors.AsType[*zbs.AgentError](err); ok {
		no.Addr, no.Endpoint = n.addr, o.endpoint
		r.Phase, r.outcome = PhaseAgent, denied
	}
	return r
}

// discreet keeps a password that the command carries out of the error, which
// may quote what the agent made of it. Of an excerpt, which may end within it,
// nothing is kept.
func (o op) discreet(err error) error {
	secret := zbs.SecretOf(o.command)
	if secret == "" {
		return err
	}
	if no, ok := errors.AsType[*zbs.AgentError](err); ok {
		no.Message = secret.Mask(no.Message)
		return err
	}
	if status, ok := errors.AsType[*StatusError](err); ok {
		return &StatusError{Status: status.Status}
	}
	return fmt.Errorf("%w: the text is withheld, it may hold the command's password", zbs.ErrMalformed)
}

// response is what came back for a request: the result so far, and with it the
// header and body of a 200.
type response struct {
	result
	header http.Header
	body   []byte
}

func (r response) failed(p Phase, o outcome, err error) response {
	r.Phase, r.outcome, r.Err = p, o, err
	return r
}

// post sends the request over a lane of the node and reads the response.
// Without an error the response is a 200.
func (c *Caller) post(ctx context.Context, n *node, o op, task *task) (r response) {
	req, err := c.request(n, o, task)
	if err != nil {
		return r.failed(PhaseWrite, unsent, fmt.Errorf("%w: %w", errLocal, err))
	}
	l, err := n.acquire(ctx)
	if err != nil {
		return r.failed(PhaseDial, unsent, fmt.Errorf("%w: %d of %d in use", ErrBusy, c.cfg.connections, c.cfg.connections))
	}
	defer n.release(l)
	x, ctx := l.begin(ctx, o.endpoint.Repeat == zbs.Read, c.cfg.retries)
	defer x.end()

	resp, err := l.client.Do(req.WithContext(ctx))
	if err != nil {
		r.Sent = x.sent(err)
		return r.failed(x.phase(err), faulted, bare(err))
	}
	defer resp.Body.Close()
	r.Sent, r.Status, r.header = true, resp.StatusCode, resp.Header
	r.body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case r.Status != http.StatusOK:
		return r.failed(PhaseWait, outcomeOfStatus(r.Status), o.discreet(statusError(r.Status, r.body)))
	case err != nil:
		return r.failed(PhaseBody, faulted, bare(err))
	case len(r.body) > maxAnswer:
		return r.failed(PhaseBody, faulted, fmt.Errorf("%w: longer than %d bytes", zbs.ErrMalformed, maxAnswer))
	}
	return r
}

// request builds the request; with a task it is an asynchronous one.
func (c *Caller) request(n *node, o op, task *task) (*retryablehttp.Request, error) {
	body, err := c.envelope(n.addr).Encode(o.command)
	if err != nil {
		return nil, err
	}
	req, err := retryablehttp.NewRequest(http.MethodPost, n.addr.URL(o.endpoint), body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "zbsclient")
	if task != nil {
		req.Header.Set(zbs.HeaderTaskID, task.id)
		req.Header.Set(zbs.HeaderCallbackURL, task.url)
	}
	return req, nil
}

// envelope is what a command to the MDS carries beside its own fields.
func (c *Caller) envelope(addr zbs.Addr) zbs.Envelope {
	return zbs.Envelope{StorageID: c.cfg.storageID, Addr: addr.Host}
}

func outcomeOfStatus(status int) outcome {
	if status >= 400 && status < 500 {
		return rejected
	}
	return faulted
}

var pageReason = regexp.MustCompile(`(?s)<p>(.*?)</p>`)

// statusError takes the reason from the agent's HTML page.
func statusError(status int, body []byte) error {
	e := &StatusError{Status: status}
	if m := pageReason.FindSubmatch(body); m != nil {
		e.Text = strings.Join(strings.Fields(html.UnescapeString(string(m[1]))), " ")
	} else if json.Valid(body) {
		e.Text = string(body)
	}
	const most = 200
	if len(e.Text) > most {
		e.Text = e.Text[:most] + "…"
	}
	return e
}

// lastLine returns the last line of a traceback, which names the error.
func lastLine(body []byte) string {
	text := strings.TrimSpace(string(body))
	return text[strings.LastIndexByte(text, '\n')+1:]
}
