package mdsotel_test

import (
	"context"
	"errors"
	"fmt"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/mds/mdsotel"
	"github.com/zbsclient/zbsclient/zbs"
)

// A program gives the hook to its Caller, which calls it as shown here.
func ExampleNewHook() {
	spans := tracetest.NewInMemoryExporter() // a program exports by OTLP
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	hook := mdsotel.NewHook(provider)
	caller, err := mds.New([]string{"mds-a", "mds-b"}, mds.WithHook(hook))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer caller.Close()

	ctx, endCall := hook.Call(context.Background(), zbs.EndpointPing)
	_, endAttempt := hook.Attempt(ctx, zbs.EndpointPing, caller.Addrs()[0])
	attempt := mds.Attempt{Addr: caller.Addrs()[0], Phase: mds.PhaseDial, Err: errors.New("connection refused")}
	endAttempt(attempt)
	endCall(mds.Trace{Attempts: []mds.Attempt{attempt}}, errors.New("no MDS answered"))
	for _, span := range spans.GetSpans() {
		fmt.Println(span.Name, span.SpanKind, span.Status.Description)
	}
	// Output:
	// zbs ping attempt client connection refused
	// zbs ping internal no MDS answered
}
