package mdsotel_test

import (
	"net/http"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/mds/mdsotel"
	"github.com/zbsclient/zbsclient/zbs"
)

// sniffer keeps the headers of what is sent.
type sniffer struct {
	http.RoundTripper

	mu      sync.Mutex // guards headers
	headers []http.Header
}

func (s *sniffer) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.headers = append(s.headers, r.Header.Clone())
	s.mu.Unlock()
	return s.RoundTripper.RoundTrip(r)
}

// A call of a real Caller makes one span, each attempt one below it, and nothing
// of them is sent to the agents.
func TestSpansOfCaller(t *testing.T) {
	cluster := fakemds.NewCluster(t, 2)
	cluster.Node(0).Inject(fakemds.Status(503))
	transport := &http.Transport{DialContext: cluster.DialContext}
	defer transport.CloseIdleConnections()
	sent := &sniffer{RoundTripper: transport}
	provider, exporter := recorder(t)
	caller, err := mds.New(cluster.Addrs(), mds.WithTransport(sent), mds.WithHook(mdsotel.NewHook(provider)))
	if err != nil {
		t.Fatal(err)
	}
	defer caller.Close()
	if _, err := mds.Call(t.Context(), caller, zbs.Echo{}, mds.TryNext()); err != nil {
		t.Fatal(err)
	}

	byKind := make(map[trace.SpanKind][]tracetest.SpanStub)
	for _, s := range exporter.GetSpans() {
		byKind[s.SpanKind] = append(byKind[s.SpanKind], s)
	}
	calls, attempts := byKind[trace.SpanKindInternal], byKind[trace.SpanKindClient]
	if len(calls) != 1 || len(attempts) != 2 {
		t.Fatalf("%d calls and %d attempts, want 1 and 2", len(calls), len(attempts))
	}
	call := attributesOf(calls[0])
	if call["zbs.answered_by"] != "mds-1.fake:7763" || call["zbs.attempts"] != "2" || calls[0].Status.Code != codes.Unset {
		t.Errorf("call: %v, %v", call, calls[0].Status)
	}
	outcomes := make(map[string]string)
	for _, s := range attempts {
		if s.Parent.SpanID() != calls[0].SpanContext.SpanID() {
			t.Errorf("%s is no child of the call", s.Name)
		}
		a := attributesOf(s)
		outcomes[a["server.address"]] = a["zbs.outcome"] + " " + a["http.response.status_code"]
	}
	if outcomes["mds-0.fake"] != "failed 503" || outcomes["mds-1.fake"] != "answered 200" {
		t.Errorf("outcomes %v", outcomes)
	}
	if len(sent.headers) != 2 {
		t.Errorf("%d requests were sent, want 2", len(sent.headers))
	}
	for _, h := range sent.headers {
		for _, name := range []string{"Traceparent", "Tracestate", "Baggage"} {
			if h.Get(name) != "" {
				t.Errorf("%s was sent to an agent", name)
			}
		}
	}
}
