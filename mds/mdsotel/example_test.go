package mdsotel_test

import (
	"context"
	"fmt"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/mds/mdsotel"
	"github.com/zbsclient/zbsclient/zbs"
)

// One MDS is dead; the call goes on to the next.
func ExampleNewHook() {
	cluster, err := fakemds.Start(2)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cluster.Close()
	cluster.Node(0).Inject(fakemds.Refuse)

	spans := tracetest.NewInMemoryExporter() // a program exports by OTLP
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	caller, err := mds.New(cluster.Addrs(), mds.WithDialContext(cluster.DialContext), mds.WithHook(mdsotel.NewHook(provider)))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer caller.Close()
	_, err = mds.Call(context.Background(), caller, zbs.Echo{})
	fmt.Println(err)
	for _, span := range spans.GetSpans() {
		fmt.Println(span.Name, span.SpanKind, span.Status.Code)
	}
	// Output:
	// <nil>
	// zbs echo attempt client Error
	// zbs echo attempt client Unset
	// zbs echo internal Unset
}
