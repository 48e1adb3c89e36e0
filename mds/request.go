package mds

import (
	"net/http"

	"github.com/zbsclient/zbsclient/zbs"
)

// op is what a call asks, the same at every MDS.
type op struct {
	endpoint zbs.Endpoint
	command  any
	secret   zbs.Secret                // the password that the call carries, also where the agent is not sent it
	decode   func([]byte) (any, error) // nil for markOp
}

// markOp asks whether the agent has the endpoint. Nothing runs: an asynchronous
// endpoint refuses a request without a task id with 400, and a synchronous one
// refuses a form. Where there is no such endpoint it is a 404.
func markOp(e zbs.Endpoint) op {
	e.Repeat = zbs.Read
	return op{endpoint: e, command: struct{}{}}
}

func (o op) isMark() bool { return o.decode == nil }

// template is what all requests for an endpoint at an MDS have in common. It never
// changes.
type template struct {
	request  *http.Request
	envelope zbs.SealedEnvelope
}

func newTemplate(addr zbs.Addr, e zbs.Endpoint, envelope zbs.Envelope) (*template, error) {
	req, err := http.NewRequest(http.MethodPost, addr.URL(e), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "zbsclient")
	sealed, err := envelope.Seal()
	if err != nil {
		return nil, err
	}
	return &template{req, sealed}, nil
}

// withTask returns the header of an asynchronous request.
func (t *template) withTask(id, url string) http.Header {
	h := t.request.Header.Clone()
	h.Set(zbs.HeaderTaskID, id)
	h.Set(zbs.HeaderCallbackURL, url)
	return h
}

// asForm returns the header of a request for a synchronous endpoint that the agent
// refuses before its handler runs.
func (t *template) asForm() http.Header {
	h := t.request.Header.Clone()
	h.Set("Content-Type", "application/x-www-form-urlencoded")
	return h
}
