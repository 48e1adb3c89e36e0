package client

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"

	"github.com/zbsclient/zbsclient/zbs"
)

// elastic is elastic-transport with its own pool and its 3 retries. The pool rotates
// the addresses, and leaves out a failed address for at least a minute. It has
// no time-out of its own: the transport has one.
type elastic struct {
	client    *elastictransport.Client
	transport *http.Transport
}

func newElastic(addrs []string, attemptTimeout time.Duration) (Client, error) {
	var urls []*url.URL
	for _, addr := range addrs {
		urls = append(urls, &url.URL{Scheme: "http", Host: addr})
	}
	transport := newTransport(attemptTimeout)
	transport.ResponseHeaderTimeout = attemptTimeout
	client, err := elastictransport.NewClient(elastictransport.WithURLs(urls...), elastictransport.WithTransport(transport))
	if err != nil {
		return nil, err
	}
	return newPeer(&elastic{client, transport}), nil
}

func (e *elastic) post(ctx context.Context, endpoint zbs.Endpoint, body []byte, header http.Header) ([]byte, error) {
	req, err := newRequest(ctx, "any", endpoint, body, header) // the pool chooses the host
	if err != nil {
		return nil, err
	}
	req.Host = "" // otherwise every MDS would get that name
	resp, err := e.client.Perform(req)
	if err != nil {
		return nil, err
	}
	resp.Request = req
	return bodyOf(resp)
}

func (e *elastic) close() {
	e.client.Close(context.Background())
	e.transport.CloseIdleConnections()
}
