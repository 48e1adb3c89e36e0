package client

import (
	"context"
	"net/http"
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// raw is net/http alone, to one address.
type raw struct {
	addr string
	http *http.Client
}

func newRaw(addrs []string, attemptTimeout time.Duration) (Client, error) {
	return newPeer(&raw{addrs[0], &http.Client{Transport: newTransport(attemptTimeout)}}), nil
}

func (r *raw) post(ctx context.Context, endpoint zbs.Endpoint, body []byte, header http.Header) ([]byte, error) {
	req, err := newRequest(ctx, r.addr, endpoint, body, header)
	if err != nil {
		return nil, err
	}
	resp, err := r.http.Do(req)
	if err != nil {
		return nil, err
	}
	return bodyOf(resp)
}

func (r *raw) close() { r.http.CloseIdleConnections() }

// fresh makes a transport, and so a connection, for each call.
type fresh struct{ addr string }

func newFresh(addrs []string, _ time.Duration) (Client, error) { return newPeer(fresh{addrs[0]}), nil }

func (f fresh) post(ctx context.Context, endpoint zbs.Endpoint, body []byte, header http.Header) ([]byte, error) {
	r := &raw{f.addr, &http.Client{Transport: &http.Transport{}}}
	defer r.close()
	return r.post(ctx, endpoint, body, header)
}

func (f fresh) close() {}
