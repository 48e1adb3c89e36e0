package client

import (
	"context"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/sony/gobreaker/v2"

	"github.com/zbsclient/zbsclient/zbs"
)

// breaking asks one address after the other, each with one retry and behind a breaker.
// The breaker opens after 3 failures and lets a request through after 10 s, as ours
// does. What counts as a failure is gobreaker's default.
type breaking struct {
	addrs    []string
	client   *retryablehttp.Client
	breakers map[string]*gobreaker.CircuitBreaker[[]byte]
}

const (
	breakerFailures = 3
	breakerPause    = 10 * time.Second
)

func newBreaking(addrs []string, attemptTimeout time.Duration) (Client, error) {
	b := &breaking{addrs: addrs, client: newRetryableClient(attemptTimeout),
		breakers: make(map[string]*gobreaker.CircuitBreaker[[]byte])}
	b.client.RetryMax = 1
	for _, addr := range addrs {
		b.breakers[addr] = gobreaker.NewCircuitBreaker[[]byte](gobreaker.Settings{
			Name:        addr,
			Timeout:     breakerPause,
			ReadyToTrip: func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= breakerFailures },
		})
	}
	return newPeer(b), nil
}

func (b *breaking) post(ctx context.Context, endpoint zbs.Endpoint, body []byte, header http.Header) (answer []byte, err error) {
	for _, addr := range b.addrs {
		answer, err = b.breakers[addr].Execute(func() ([]byte, error) {
			return postRetryable(ctx, b.client, urlOf(addr, endpoint), body, header)
		})
		if err == nil || ctx.Err() != nil {
			break
		}
	}
	return answer, err
}

func (b *breaking) close() { b.client.HTTPClient.CloseIdleConnections() }
