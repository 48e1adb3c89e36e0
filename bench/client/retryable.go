package client

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/zbsclient/zbsclient/zbs"
)

// Waits between the attempts of a peer that waits.
const (
	waitMin = 100 * time.Millisecond
	waitMax = time.Second
)

// retryable is one go-retryablehttp client with its own policy and its 4 retries, each
// at the next address. Only its waits, 1 s to 30 s by default, are shortened.
type retryable struct {
	addrs  []string
	client *retryablehttp.Client
}

func newRetryable(addrs []string, attemptTimeout time.Duration) (Client, error) {
	c := newRetryableClient(attemptTimeout)
	c.PrepareRetry = func(req *http.Request) error {
		u := *req.URL // the earlier attempts share it
		u.Host = addrs[(slices.Index(addrs, u.Host)+1)%len(addrs)]
		req.URL, req.Host = &u, u.Host
		return nil
	}
	return newPeer(&retryable{addrs, c}), nil
}

func newRetryableClient(attemptTimeout time.Duration) *retryablehttp.Client {
	c := retryablehttp.NewClient()
	c.HTTPClient = &http.Client{Transport: newTransport(attemptTimeout), Timeout: attemptTimeout}
	c.Logger = nil
	c.RetryWaitMin, c.RetryWaitMax = waitMin, waitMax
	return c
}

func (r *retryable) post(ctx context.Context, endpoint zbs.Endpoint, body []byte, header http.Header) ([]byte, error) {
	return postRetryable(ctx, r.client, urlOf(r.addrs[0], endpoint), body, header)
}

func postRetryable(ctx context.Context, c *retryablehttp.Client, url string, body []byte, header http.Header) ([]byte, error) {
	req, err := retryablehttp.NewRequestWithContext(ctx, http.MethodPost, url, body)
	if err != nil {
		return nil, err
	}
	setHeader(req.Request, header)
	resp, err := c.Do(req)
	if err != nil {
		return nil, err
	}
	return bodyOf(resp)
}

func (r *retryable) close() { r.client.HTTPClient.CloseIdleConnections() }
