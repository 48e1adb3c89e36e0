package mdsotel_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/mds/mdsotel"
	"github.com/zbsclient/zbsclient/zbs"
)

var (
	endpoint = zbs.EndpointVolumeClients
	mdsA     = zbs.Addr{Host: "mds-a", Port: 7763}
)

// recorder is a provider that keeps spans as they end.
func recorder(t *testing.T, opts ...sdktrace.TracerProviderOption) (*sdktrace.TracerProvider, *tracetest.InMemoryExporter) {
	t.Helper()
	exporter := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(append(opts, sdktrace.WithSyncer(exporter))...)
	t.Cleanup(func() { provider.Shutdown(context.Background()) })
	return provider, exporter
}

func attributesOf(s tracetest.SpanStub) map[string]string {
	m := make(map[string]string)
	for _, kv := range s.Attributes {
		m[string(kv.Key)] = kv.Value.String()
	}
	return m
}

func TestAttemptsAreChildrenOfTheCall(t *testing.T) {
	provider, exporter := recorder(t)
	h := mdsotel.NewHook(provider)
	outside, parent := provider.Tracer("test").Start(t.Context(), "attach")
	ctx, endCall := h.Call(outside, endpoint)
	_, endFirst := h.Attempt(ctx, endpoint, mdsA)
	_, endSecond := h.Attempt(ctx, endpoint, zbs.Addr{Host: "2001:db8::1", Port: 443, TLS: true, Root: "/agent"})
	failed := mds.Attempt{Addr: mdsA, Why: mds.WhyFirst, Breaker: mds.BreakerClosed, Phase: mds.PhaseDial, Err: errors.New("connection refused")}
	answered := mds.Attempt{Addr: zbs.Addr{Host: "2001:db8::1", Port: 443, TLS: true, Root: "/agent"}, Why: mds.WhyFailed, Breaker: mds.BreakerHalfOpen, Sent: true, Status: 200}
	endFirst(failed)
	endSecond(answered)
	endCall(mds.Trace{Attempts: []mds.Attempt{failed, answered}}, nil)
	parent.End()

	spans := exporter.GetSpans()
	first, second, call := spans[0], spans[1], spans[2]
	if call.Name != "zbs volume/clients" || call.SpanKind != trace.SpanKindInternal || call.Status.Code != codes.Unset ||
		call.Parent.SpanID() != parent.SpanContext().SpanID() {
		t.Errorf("call: %+v", call)
	}
	for _, s := range []tracetest.SpanStub{first, second} {
		if s.Name != "zbs volume/clients attempt" || s.SpanKind != trace.SpanKindClient || s.Parent.SpanID() != call.SpanContext.SpanID() {
			t.Errorf("attempt: %+v", s)
		}
	}
	got := []map[string]string{attributesOf(call), attributesOf(first), attributesOf(second)}
	want := []map[string]string{
		{
			"zbs.endpoint": "volume/clients", "zbs.outcome": "answered", "zbs.attempts": "2",
			"zbs.answered_by": "https://[2001:db8::1]:443/agent",
		},
		{
			"zbs.endpoint": "volume/clients", "zbs.outcome": "failed", "zbs.phase": "dial", "zbs.sent": "false", "zbs.why": "first", "zbs.breaker": "closed",
			"server.address": "mds-a", "server.port": "7763", "http.request.method": "POST", "error.type": "dial",
			"url.full": "http://mds-a:7763/zbs/primarystorage/volume/clients",
		},
		{
			"zbs.endpoint": "volume/clients", "zbs.outcome": "answered", "zbs.sent": "true", "zbs.why": "failed", "zbs.breaker": "half-open",
			"server.address": "2001:db8::1", "server.port": "443", "http.request.method": "POST", "http.response.status_code": "200",
			"url.full": "https://[2001:db8::1]:443/agent/zbs/primarystorage/volume/clients",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if first.Status != (sdktrace.Status{Code: codes.Error, Description: "connection refused"}) || second.Status.Code != codes.Unset {
		t.Errorf("status %v and %v", first.Status, second.Status)
	}
}

func TestOutcomes(t *testing.T) {
	for _, row := range []struct {
		why       string
		attempt   mds.Attempt
		outcome   string
		errorType string // empty: no error
	}{
		{"an answer", mds.Attempt{Status: 200}, "answered", ""},
		{"the agent says no", mds.Attempt{Phase: mds.PhaseAgent, Err: &zbs.AgentError{Message: "no"}, Status: 200}, "refused", "agent"},
		{"an agent without the endpoint", mds.Attempt{Phase: mds.PhaseWait, Err: &mds.StatusError{Status: 404}, Status: 404}, "refused", "404"},
		{"a status of the server", mds.Attempt{Phase: mds.PhaseWait, Err: &mds.StatusError{Status: 503}, Status: 503}, "failed", "503"},
		{"not reached", mds.Attempt{Phase: mds.PhaseDial, Err: errors.New("connection refused")}, "failed", "dial"},
		{"the network timed out", mds.Attempt{Phase: mds.PhaseDial, Err: networkTimeout()}, "failed", "dial"},
		{"another MDS was quicker", mds.Attempt{Phase: mds.PhaseWait, Err: fmt.Errorf("late: %w", mds.ErrDiscarded)}, "discarded", ""},
		{"the caller left", mds.Attempt{Phase: mds.PhaseWait, Err: context.Canceled}, "cancelled", ""},
		{"the caller's time was up", mds.Attempt{Phase: mds.PhaseWait, Err: context.DeadlineExceeded}, "cancelled", ""},
		{"no connection was free", mds.Attempt{Phase: mds.PhaseDial, Err: fmt.Errorf("%w: 4 of 4", mds.ErrBusy)}, "requeued", ""},
	} {
		t.Run(row.why, func(t *testing.T) {
			provider, exporter := recorder(t)
			_, end := mdsotel.NewHook(provider).Attempt(t.Context(), endpoint, mdsA)
			end(row.attempt)
			span := exporter.GetSpans()[0]
			got := attributesOf(span)
			if got["zbs.outcome"] != row.outcome || got["error.type"] != row.errorType || (span.Status.Code == codes.Error) != (row.errorType != "") {
				t.Errorf("outcome %q, error.type %q, status %v", got["zbs.outcome"], got["error.type"], span.Status)
			}
		})
	}
}

// networkTimeout matches context.DeadlineExceeded although no context ended.
func networkTimeout() error {
	return &net.DNSError{Err: "i/o timeout", IsTimeout: true, UnwrapErr: context.DeadlineExceeded}
}

// The errors are real ones: a *CallError cannot be made outside package mds.
func TestOutcomesOfCalls(t *testing.T) {
	path, err := zbs.ParseCBDPath("cbd:pp/pool/vol")
	if err != nil {
		t.Fatal(err)
	}
	read := func(ctx context.Context, c *mds.Caller, opts ...mds.CallOption) error {
		_, err := mds.Call(ctx, c, zbs.GetVolumeClients{Path: path}, opts...)
		return err
	}
	for _, row := range []struct {
		why       string
		fault     fakemds.Fault
		call      func(ctx context.Context, cancel func(), c *mds.Caller, opts ...mds.CallOption) error
		outcome   string
		errorType string
	}{
		{"refused connections", fakemds.Refuse, func(ctx context.Context, _ func(), c *mds.Caller, opts ...mds.CallOption) error {
			return read(ctx, c, opts...)
		}, "failed", "dial"},
		{"a lost reply to a change", fakemds.LoseReply, func(ctx context.Context, _ func(), c *mds.Caller, opts ...mds.CallOption) error {
			_, err := mds.Call(ctx, c, zbs.ExpandVolume{Path: path, Size: zbs.Size{Count: 1}}, opts...)
			return err
		}, "may_have_run", "may_have_run"},
		{"the caller left before", fakemds.Fault{}, func(ctx context.Context, cancel func(), c *mds.Caller, opts ...mds.CallOption) error {
			cancel()
			return read(ctx, c, opts...)
		}, "cancelled", "canceled"},
		{"an MDS that is not in the list", fakemds.Fault{}, func(ctx context.Context, _ func(), c *mds.Caller, opts ...mds.CallOption) error {
			return read(ctx, c, append(opts, mds.Target(zbs.Addr{Host: "other", Port: 1}))...)
		}, "failed", "_OTHER"},
		{"a closed Caller", fakemds.Fault{}, func(ctx context.Context, _ func(), c *mds.Caller, opts ...mds.CallOption) error {
			c.Close()
			return read(ctx, c, opts...)
		}, "failed", "_OTHER"},
	} {
		t.Run(row.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster := fakemds.NewCluster(t, 1)
				cluster.AddVolume("cbd:pp/pool/vol")
				cluster.Node(0).Inject(row.fault, fakemds.CallbackLost)
				listener, err := cluster.Listen()
				if err != nil {
					t.Fatal(err)
				}
				caller, err := mds.New(cluster.Addrs(), mds.WithDialContext(cluster.DialContext), mds.WithCallbackListener(listener))
				if err != nil {
					t.Fatal(err)
				}
				defer caller.Close()
				provider, exporter := recorder(t)
				ctx, end := mdsotel.NewHook(provider).Call(t.Context(), endpoint)
				ctx, cancel := context.WithCancel(ctx)
				defer cancel()
				var made mds.Trace
				callErr := row.call(ctx, cancel, caller, mds.Record(&made))
				end(made, callErr)
				checkFailedCall(t, exporter.GetSpans()[0], callErr, row.outcome, row.errorType)
			})
		})
	}
}

func checkFailedCall(t *testing.T, span tracetest.SpanStub, err error, outcome, errorType string) {
	t.Helper()
	got := attributesOf(span)
	if got["zbs.outcome"] != outcome || got["error.type"] != errorType {
		t.Errorf("outcome %q, error.type %q", got["zbs.outcome"], got["error.type"])
	}
	if err == nil || span.Status.Code != codes.Error || !strings.HasPrefix(err.Error(), strings.TrimSuffix(span.Status.Description, "…")) {
		t.Errorf("%v: status %v", err, span.Status)
	}
	if by, named := got["zbs.answered_by"]; named {
		t.Errorf("answered by %s", by)
	}
}

// An agent's text is cut, between characters, and made UTF-8.
func TestDescriptionIsBounded(t *testing.T) {
	for _, text := range []string{strings.Repeat("a", 300), strings.Repeat("ä", 300), strings.Repeat("€", 300), strings.Repeat("\xff", 300)} {
		provider, exporter := recorder(t)
		_, end := mdsotel.NewHook(provider).Attempt(t.Context(), endpoint, mdsA)
		end(mds.Attempt{Phase: mds.PhaseAgent, Err: errors.New(text)})
		got := exporter.GetSpans()[0].Status.Description
		if len(got) > mdsotel.MaxDescription || len(got) < mdsotel.MaxDescription-4 && text[0] != 0xff || !utf8.ValidString(got) || got == "" {
			t.Errorf("%q… was kept as %q, %d bytes", text[:10], got, len(got))
		}
	}
}

func TestUnsampledSpansEnd(t *testing.T) {
	provider, exporter := recorder(t, sdktrace.WithSampler(sdktrace.NeverSample()))
	h := mdsotel.NewHook(provider)
	ctx, endCall := h.Call(t.Context(), endpoint)
	_, endAttempt := h.Attempt(ctx, endpoint, mdsA)
	endAttempt(mds.Attempt{})
	endCall(mds.Trace{}, nil)
	if spans := exporter.GetSpans(); len(spans) != 0 {
		t.Errorf("%d spans that were not to be sampled", len(spans))
	}
}

// The global provider is used when none is given, and only then.
func TestGlobalProvider(t *testing.T) {
	global, exporter := recorder(t)
	before := otel.GetTracerProvider()
	otel.SetTracerProvider(global)
	defer otel.SetTracerProvider(before)
	own, ownExporter := recorder(t)
	for _, tp := range []trace.TracerProvider{nil, own} {
		_, end := mdsotel.NewHook(tp).Call(t.Context(), endpoint)
		end(mds.Trace{}, nil)
	}
	if g, o := len(exporter.GetSpans()), len(ownExporter.GetSpans()); g != 1 || o != 1 {
		t.Errorf("%d spans at the global provider and %d at the one given, want 1 and 1", g, o)
	}
	scope := ownExporter.GetSpans()[0].InstrumentationScope
	if scope.Name != "github.com/zbsclient/zbsclient/mds/mdsotel" || !strings.HasPrefix(scope.SchemaURL, "https://opentelemetry.io/schemas/") {
		t.Errorf("scope %+v", scope)
	}
}
