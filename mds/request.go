package mds

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/zbsclient/zbsclient/zbs"
)

// template is what all requests for an endpoint at an MDS have in common. It is
// made once and never changed: net/http copies what it changes.
type template struct {
	request  *http.Request
	envelope zbs.SealedEnvelope
}

// prepare returns the template for the command, and the command's body.
func (c *Caller) prepare(n *node, o op) (*template, []byte, error) {
	t, err := c.template(n, o.endpoint)
	if err != nil {
		return nil, nil, err
	}
	body, err := t.envelope.Encode(o.command)
	return t, body, err
}

func (c *Caller) template(n *node, e zbs.Endpoint) (*template, error) {
	known := &n.tally(e.Name).template
	if t := known.Load(); t != nil {
		return t, nil
	}
	req, err := http.NewRequest(http.MethodPost, n.addr.URL(e), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "zbsclient")
	sealed, err := c.envelope(n.addr).Seal()
	if err != nil {
		return nil, err
	}
	t := &template{req, sealed}
	known.Store(t)
	return t, nil
}

// envelope is what a command to the MDS carries beside its own fields.
func (c *Caller) envelope(addr zbs.Addr) zbs.Envelope {
	return zbs.Envelope{StorageID: c.cfg.storageID, Addr: addr.Host}
}

// build makes a request of the body; with a task it is an asynchronous one.
func (t *template) build(ctx context.Context, body []byte, task *task) *retryablehttp.Request {
	req := t.request.WithContext(ctx)
	req.ContentLength = int64(len(body))
	req.Body = newBody(body)
	req.GetBody = func() (io.ReadCloser, error) { return newBody(body), nil }
	if task != nil {
		req.Header = req.Header.Clone()
		req.Header.Set(zbs.HeaderTaskID, task.id)
		req.Header.Set(zbs.HeaderCallbackURL, task.url)
	}
	// go-retryablehttp is not given the body: it would copy it for each try.
	// rewind brings it back.
	return &retryablehttp.Request{Request: req}
}

// rewind gives a request that is repeated its body again.
func rewind(req *http.Request) (err error) {
	req.Body, err = req.GetBody()
	return err
}

// newBody is a body that net/http knows to be in memory; it would send the header
// of any other in a packet of its own.
func newBody(b []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(b)) }
