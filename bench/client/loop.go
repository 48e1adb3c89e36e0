package client

import (
	"context"
	"net/http"
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// loop asks one address after the other, and remembers nothing between calls.
type loop struct {
	addrs []string
	http  *http.Client
}

func newLoop(addrs []string, attemptTimeout time.Duration) (Client, error) {
	return newPeer(&loop{addrs, &http.Client{Transport: newTransport(attemptTimeout), Timeout: attemptTimeout}}), nil
}

func (l *loop) post(ctx context.Context, endpoint zbs.Endpoint, body []byte, header http.Header) (answer []byte, err error) {
	for _, addr := range l.addrs {
		one := &raw{addr, l.http}
		if answer, err = one.post(ctx, endpoint, body, header); err == nil || ctx.Err() != nil {
			break
		}
	}
	return answer, err
}

func (l *loop) close() { l.http.CloseIdleConnections() }
