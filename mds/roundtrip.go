package mds

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/zbsclient/zbsclient/mds/internal/callback"
	"github.com/zbsclient/zbsclient/mds/internal/wire"
	"github.com/zbsclient/zbsclient/zbs"
)

// mayBeSent asks the call's SendOnlyWhile, and ends the attempt if it says no.
func (a *attempt) mayBeSent() bool {
	if a.allowed == nil {
		return true
	}
	if err := a.allowed(); err != nil {
		a.fail(PhaseWithheld, withheld, err)
		return false
	}
	return true
}

// post sends one request and reads the response. Without an error of the attempt it
// is a 200.
func (a *attempt) post(ctx context.Context, o op, task *callback.Task) (resp wire.Response) {
	t, err := a.server.template(o.endpoint) // before a connection is held
	var body []byte
	if err == nil {
		body, err = t.envelope.Encode(o.command)
	}
	if err != nil {
		a.fail(PhaseWrite, unsent, fmt.Errorf("%w: %w", errLocal, err))
		return resp
	}
	slot, err := a.acquire(ctx)
	if err != nil {
		a.fail(PhaseQueue, unsent, err)
		return resp
	}
	defer a.release(slot)
	if !a.mayBeSent() {
		return resp
	}
	if zbs.SecretOf(o.command) != "" && time.Since(a.recognised) > passwordMemory {
		a.again = true
		a.fail(PhaseQueue, unsent, errStale)
		return resp
	}
	r := wire.Request{
		Template: t.request, Body: body, Allowed: a.allowed, Watcher: a,
		Repeatable: o.endpoint.Repeat == zbs.Read, AnyServer: o.isMark() || o.endpoint.Universal(),
	}
	switch {
	case task != nil:
		r.Header = t.withTask(task.ID, task.URL)
	case o.isMark() && o.endpoint.Mode == zbs.Sync:
		r.Header = t.asForm()
	}
	a.place()
	resp = slot.Do(ctx, r)
	a.finish(o, resp)
	return resp
}

// errStale: the password waited too long for a connection.
var errStale = errors.New("what is known of the agent is too old for a password")

// finish turns what came back for a request into the outcome of the attempt, as far as
// it is no 200.
func (a *attempt) finish(o op, r wire.Response) {
	a.Sent, a.Status = r.Sent, r.Status
	if r.Dead && !a.revived {
		a.again, a.revived = true, true
	}
	switch {
	case r.Phase == wire.Withheld:
		a.fail(PhaseWithheld, withheld, r.Err)
	case r.Status == 0:
		a.fail(Phase(r.Phase), faulted, r.Err)
	case r.Status >= 400 && r.Status < 500:
		a.fail(PhaseWait, rejected, o.discreet(statusError(r.Status, r.Body)))
	case r.Status != http.StatusOK:
		a.fail(PhaseWait, faulted, o.discreet(statusError(r.Status, r.Body)))
	case r.Err != nil:
		a.fail(PhaseBody, faulted, r.Err)
	case len(r.Body) > wire.MaxBody:
		a.fail(PhaseBody, faulted, fmt.Errorf("%w: longer than %d bytes", zbs.ErrMalformed, wire.MaxBody))
	}
}

// decode turns the bytes of an answer into the outcome of the attempt.
func (a *attempt) decode(o op, header http.Header, body []byte) {
	if _, broke := header[http.CanonicalHeaderKey(zbs.HeaderAgentBroke)]; broke {
		a.fail(PhaseDecode, faulted, o.discreet(fmt.Errorf("%w: the agent broke: %s", zbs.ErrMalformed, lastLine(body))))
		return
	}
	answer, err := o.decode(body)
	if err == nil {
		a.answer = answer
		return
	}
	a.fail(PhaseDecode, faulted, o.discreet(err))
	if no, ok := errors.AsType[*zbs.AgentError](err); ok {
		no.Addr, no.Endpoint = a.server.addr, o.endpoint
		a.Phase, a.outcome = PhaseAgent, denied
	}
}

// discreet keeps the command's password out of the error, which may quote what the
// agent made of it. Of an excerpt, which may end within the password, nothing is kept.
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
