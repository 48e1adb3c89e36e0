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
	"sync/atomic"
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// maxAnswer bounds an answer, in bytes. A capacity answer takes about 400 per pool.
const maxAnswer = 16 << 20

// op is a call, the same for every MDS it goes to.
type op struct {
	endpoint zbs.Endpoint
	command  any
	secret   zbs.Secret // the password that the call carries, also where the agent is not sent it
	decode   func([]byte) (any, error)
	mark     bool // asks whether the agent has the endpoint, and runs nothing (markOp)
}

// result is an attempt with its answer.
type result struct {
	Attempt
	answer any
	served time.Duration // what the MDS took, without the wait for a connection; 0 if it was not asked
	late   bool          // its agent was not recognised in time, and may be asked again
}

// health is what the attempt tells the breaker.
func (r result) health() health {
	switch r.outcome {
	case cancelled, putOff, outrun, withheld, unfit:
		return neutral
	case unsent, faulted, timedOut, overtaken:
		if r.outcome != overtaken && (errors.Is(r.Err, ErrBusy) || errors.Is(r.Err, errLocal)) {
			return neutral
		}
		return unhealthy
	default:
		return healthy
	}
}

// errLocal marks a failure on our side, before the MDS had a part in it.
var errLocal = errors.New("local failure")

// try is one attempt while it is under way.
type try struct {
	node   *node
	caller context.Context // of the call: its end is nobody's fault
	ctx    context.Context // of the attempt: ends with that, or by its time-out
	cancel context.CancelFunc
	limit  timeoutError // why, then
	began  time.Time

	placed atomic.Pointer[exchange] // the last use of a connection
	served atomic.Int64             // when that began, in nanoseconds since began

	// recognising is since when it finds out what the agent can do, in nanoseconds
	// since began; 0: it does not.
	recognising atomic.Int64

	queue  atomic.Int32 // what it has to do with one
	loaded atomic.Bool  // it counts in the node's load

	walk  *walk        // nil: it belongs to no call
	valid func() error // of the call's SendOnlyWhile; nil: always

	// The rest belongs to the walk, and its mutex guards it.
	attempt Attempt
	ended   bool
	extra   bool    // the retry budget was charged for it
	lost    outcome // how it ends because another one has decided the call; 0: it decides
}

// place notes that the request goes out now.
func (t *try) place(x *exchange) {
	t.served.Store(int64(time.Since(t.began)))
	t.placed.Store(x)
}

func (t *try) end() {
	t.cancel()
	t.unload()
	t.node.inFlight.Add(-1)
}

// unload tells the node that the connection is done with; an asynchronous
// command is still under way then.
func (t *try) unload() {
	if t.loaded.CompareAndSwap(true, false) {
		t.node.load.Add(-1)
	}
}

// onTheWay returns how long ago the request went out, or the agent began to be
// recognised; 0 before.
func (t *try) onTheWay() time.Duration {
	if since := t.recognising.Load(); since != 0 {
		return time.Since(t.began) - time.Duration(since)
	}
	if t.placed.Load() == nil {
		return 0
	}
	return time.Since(t.began) - time.Duration(t.served.Load())
}

// underway reports whether the request may be on its way to the agent.
func (t *try) underway() bool {
	x := t.placed.Load()
	return x != nil && !x.mark && x.connected()
}

// newTry makes a try at n that takes at most the timeout. It counts as under way
// until its attempt has ended.
func newTry(ctx context.Context, n *node, timeout time.Duration) *try {
	t := &try{}
	t.begin(ctx, n, timeout)
	return t
}

func (t *try) begin(ctx context.Context, n *node, timeout time.Duration) {
	n.inFlight.Add(1)
	n.load.Add(1)
	t.loaded.Store(true)
	t.node, t.caller, t.began = n, ctx, time.Now()
	t.limit = timeoutError{what: "no answer", after: timeout}
	t.ctx, t.cancel = context.WithTimeoutCause(ctx, timeout, &t.limit)
}

// attempt asks one MDS once, within the try's time-out.
func (c *Caller) attempt(t *try, o op, cc *callConfig) result {
	n := t.node
	defer t.end()
	n.tried.Store(c.turn.Add(1))

	r := c.askWhileValid(t, o)
	r.Addr = n.addr
	r.Duration = time.Since(t.began)
	if t.placed.Load() != nil {
		r.served = r.Duration - time.Duration(t.served.Load())
	}
	if r.Err == nil {
		n.agent.take(o, r)
		return r
	}
	switch {
	case t.caller.Err() != nil:
		r.outcome = cancelled
		r.Err = t.caller.Err()
	case t.queue.Load() == withdrawn:
		r.outcome = putOff
	case t.ctx.Err() != nil && r.outcome != rejected && r.outcome != denied && r.outcome != withheld:
		r.outcome = timedOut
		if !errors.Is(r.Err, ErrBusy) && !isOurTimeout(r.Err) {
			r.Err = &t.limit
		}
	}
	if !r.Sent && (r.outcome == faulted || r.outcome == timedOut) {
		r.outcome = unsent
	}
	r.Err = bare(r.Err)
	n.agent.take(o, r)
	return n.agent.explain(o, r)
}

// ask asks the MDS, once it is known that its agent reads the command as it is
// meant.
func (c *Caller) ask(ctx context.Context, t *try, o op) result {
	if o.mark {
		return c.askOnce(ctx, t, o.endpoint, false)
	}
	o, r, ok := c.suit(ctx, t, o)
	if !ok {
		return r
	}
	if o.endpoint.Mode == zbs.Sync {
		return c.askSync(ctx, t, o)
	}
	done, err := t.node.admit(ctx, t, o.endpoint.Repeat == zbs.Read)
	if err != nil {
		return busy(err)
	}
	defer done()
	return c.askAsync(ctx, t, o)
}

func isOurTimeout(err error) bool {
	var t *timeoutError
	return errors.As(err, &t)
}

// askSync sends the request and reads the answer from the response.
func (c *Caller) askSync(ctx context.Context, t *try, o op) result {
	resp := c.post(ctx, t, o, nil)
	if resp.Err != nil {
		return resp.result
	}
	return judge(resp.result, t.node, o, resp.header, resp.body)
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

// discreet keeps the command's password out of the error, which
// may quote what the agent made of it. Of an excerpt, which may end within it,
// nothing is kept.
func (o op) discreet(err error) error {
	if o.secret == "" {
		return err
	}
	if no, ok := errors.AsType[*zbs.AgentError](err); ok {
		no.Message = o.secret.Mask(no.Message)
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
func (c *Caller) post(ctx context.Context, t *try, o op, task *task) (r response) {
	tmpl, body, err := c.prepare(t.node, o) // before a connection is held
	if err != nil {
		return r.failed(PhaseWrite, unsent, fmt.Errorf("%w: %w", errLocal, err))
	}
	l, err := t.node.acquire(ctx, t)
	if err != nil {
		return response{result: busy(err)}
	}
	defer t.node.release(t, l)
	if err := t.maySend(); err != nil {
		return r.withheld(err)
	}
	x := l.begin(ctx, t, o.endpoint.Repeat == zbs.Read, c.cfg.retries, c.budget)
	defer x.end()
	x.mark = o.mark
	req := tmpl.build(x, body, task)
	if o.mark && o.endpoint.Mode == zbs.Sync {
		refusable(req)
	}
	t.place(x)
	resp, err := l.client.Do(req)
	if err != nil {
		r.Sent = x.sent(err)
		if sent, no := x.whyWithheld(); no != nil {
			r.Sent = sent
			return r.withheld(no)
		}
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
