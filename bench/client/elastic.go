package client

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"

	"github.com/zbsclient/zbsclient/zbs"
)

// elastic is elastic-transport with its own pool, which takes turns and leaves
// out an address that failed for a minute and more, and its 3 retries. A
// time-out it has none: that is the transport's.
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
	req, err := newRequest(ctx, "any", endpoint, body, header) // it chooses the host
	if err != nil {
		return nil, err
	}
	req.Host = "" // or every MDS would be called by that name
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
