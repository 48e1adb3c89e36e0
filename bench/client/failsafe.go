package client

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/failsafehttp"
	"github.com/failsafe-go/failsafe-go/hedgepolicy"
	"github.com/failsafe-go/failsafe-go/timeout"

	"github.com/zbsclient/zbsclient/zbs"
)

// hedgeAfter is how long failsafe waits for an answer before it asks the next
// MDS as well.
const hedgeAfter = 250 * time.Millisecond

// failsafe is failsafe-go's round tripper: its HTTP retry policy with its 2 retries,
// hedges for reads, each at the next MDS, and a breaker and a time-out around each
// MDS.
type failsafe struct {
	addr          string
	reads, writes *http.Client
	transport     *http.Transport
}

func newFailsafe(addrs []string, attemptTimeout time.Duration) (Client, error) {
	transport := newTransport(attemptTimeout)
	next := &nextHost{addrs: addrs}
	for range addrs {
		breaker := circuitbreaker.NewBuilder[*http.Response]().
			HandleIf(func(resp *http.Response, err error) bool { return err != nil || resp.StatusCode >= 500 }).
			WithFailureThreshold(breakerFailures).WithDelay(breakerPause).Build()
		next.hosts = append(next.hosts, failsafehttp.NewRoundTripper(transport, breaker, timeout.New[*http.Response](attemptTimeout)))
	}
	retry := failsafehttp.NewRetryPolicyBuilder().WithBackoff(waitMin, waitMax).Build()
	hedge := hedgepolicy.NewBuilderWithDelay[*http.Response](hedgeAfter).WithMaxHedges(len(addrs) - 1).Build()
	f := &failsafe{addr: addrs[0], transport: transport}
	f.writes = &http.Client{Transport: failsafehttp.NewRoundTripper(next, retry)}
	if f.reads = f.writes; len(addrs) > 1 {
		f.reads = &http.Client{Transport: failsafehttp.NewRoundTripper(next, retry, hedge)}
	}
	return newPeer(f), nil
}

func (f *failsafe) post(ctx context.Context, endpoint zbs.Endpoint, body []byte, header http.Header) ([]byte, error) {
	ctx = context.WithValue(ctx, triesKey{}, new(atomic.Uint32))
	req, err := newRequest(ctx, f.addr, endpoint, body, header)
	if err != nil {
		return nil, err
	}
	client := f.writes
	if endpoint.Repeat == zbs.Read {
		client = f.reads
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	return bodyOf(resp)
}

func (f *failsafe) close() { f.transport.CloseIdleConnections() }

// triesKey is the context key for the number of attempts that a call has made.
type triesKey struct{}

// nextHost sends each attempt of a call to the next address.
type nextHost struct {
	addrs []string
	hosts []http.RoundTripper
}

func (n *nextHost) RoundTrip(req *http.Request) (*http.Response, error) {
	tries := req.Context().Value(triesKey{}).(*atomic.Uint32)
	i := int(tries.Add(1)-1) % len(n.addrs)
	req = req.Clone(req.Context())
	req.URL.Host, req.Host = n.addrs[i], n.addrs[i]
	return n.hosts[i].RoundTrip(req)
}
