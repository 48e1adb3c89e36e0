package mdsotel

import (
	"context"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// MaxDescription is how many bytes of an error's text a span keeps.
const MaxDescription = 200

const scope = "github.com/zbsclient/zbsclient/mds/mdsotel"

// NewHook returns a Hook that makes spans with the provider; nil means the
// global one at this time. It is safe for concurrent use.
func NewHook(tp trace.TracerProvider) mds.Hook {
	if tp == nil {
		tp = otel.GetTracerProvider()
	}
	return hook{tp.Tracer(scope, trace.WithSchemaURL(semconv.SchemaURL))}
}

type hook struct{ tracer trace.Tracer }

// Call begins the span of a call.
func (h hook) Call(ctx context.Context, e zbs.Endpoint) (context.Context, func(mds.Trace, error)) {
	ctx, span := h.tracer.Start(ctx, "zbs "+e.Name, trace.WithAttributes(attribute.String("zbs.endpoint", e.Name)))
	if !span.IsRecording() {
		return ctx, func(mds.Trace, error) { span.End() }
	}
	return ctx, func(t mds.Trace, err error) {
		defer span.End()
		outcome, errorType := ofCall(err)
		span.SetAttributes(attribute.String("zbs.outcome", outcome), attribute.Int("zbs.attempts", len(t.Attempts)))
		if addr, ok := t.Answered(); ok && err == nil {
			span.SetAttributes(attribute.String("zbs.answered_by", addr.String()))
		}
		if err != nil {
			fail(span, errorType, err)
		}
	}
}

// Attempt begins the span of an attempt.
func (h hook) Attempt(ctx context.Context, e zbs.Endpoint, addr zbs.Addr) (context.Context, func(mds.Attempt)) {
	ctx, span := h.tracer.Start(ctx, "zbs "+e.Name+" attempt", trace.WithSpanKind(trace.SpanKindClient))
	if !span.IsRecording() {
		return ctx, func(mds.Attempt) { span.End() }
	}
	span.SetAttributes(
		attribute.String("zbs.endpoint", e.Name),
		semconv.HTTPRequestMethodPost,
		semconv.URLFull(addr.URL(e)),
		semconv.ServerAddress(addr.Host),
		semconv.ServerPort(addr.Port),
	)
	return ctx, func(a mds.Attempt) {
		defer span.End()
		outcome, errorType := ofAttempt(a)
		span.SetAttributes(
			attribute.String("zbs.outcome", outcome), attribute.Bool("zbs.sent", a.Sent),
			attribute.String("zbs.why", string(a.Why)), attribute.String("zbs.breaker", string(a.Breaker)),
		)
		if a.Phase != "" {
			span.SetAttributes(attribute.String("zbs.phase", string(a.Phase)))
		}
		if a.Status != 0 {
			span.SetAttributes(semconv.HTTPResponseStatusCode(a.Status))
		}
		if errorType != "" {
			fail(span, errorType, a.Err)
		}
	}
}

// ofCall returns the outcome of a call and the type of its error.
func ofCall(err error) (outcome, errorType string) {
	walk, ok := errors.AsType[*mds.CallError](err)
	switch {
	case err == nil:
		return "answered", ""
	case !ok: // a command that is invalid, or a Caller that is closed
		return "failed", "_OTHER"
	case walk.MayHaveRun():
		return "may_have_run", "may_have_run"
	case walk.Stop == context.DeadlineExceeded:
		return "cancelled", "timeout"
	case walk.Stop != nil:
		return "cancelled", "canceled"
	}
	for _, a := range slices.Backward(walk.Attempts) {
		if a.Why == "" {
			continue // it was not asked
		}
		if _, errorType = ofAttempt(a); errorType != "" {
			return "failed", errorType
		}
	}
	return "failed", "_OTHER"
}

// ofAttempt returns the outcome of an attempt, and the type of its error when
// that is one.
func ofAttempt(a mds.Attempt) (outcome, errorType string) {
	_, denied := errors.AsType[*zbs.AgentError](a.Err)
	status, hasStatus := errors.AsType[*mds.StatusError](a.Err)
	switch {
	case a.Err == nil:
		return "answered", ""
	case errors.Is(a.Err, mds.ErrDiscarded):
		return "discarded", ""
	// Compared, as the time-outs of package net match DeadlineExceeded, too.
	case a.Err == context.Canceled, a.Err == context.DeadlineExceeded:
		return "cancelled", ""
	case errors.Is(a.Err, mds.ErrBusy):
		return "requeued", ""
	case denied:
		return "refused", string(a.Phase)
	case hasStatus && status.Status/100 == 4:
		return "refused", strconv.Itoa(status.Status)
	case hasStatus:
		return "failed", strconv.Itoa(status.Status)
	case errors.Is(a.Err, os.ErrDeadlineExceeded):
		return "failed", "timeout"
	}
	return "failed", string(a.Phase)
}

func fail(span trace.Span, errorType string, err error) {
	span.SetAttributes(semconv.ErrorTypeKey.String(errorType))
	span.SetStatus(codes.Error, short(err.Error()))
}

// short cuts the text between runes, and makes it UTF-8, without which exporters
// drop the span.
func short(text string) string {
	text = strings.ToValidUTF8(text, "�")
	if len(text) <= MaxDescription {
		return text
	}
	const ellipsis = "…"
	return strings.ToValidUTF8(text[:MaxDescription-len(ellipsis)], "") + ellipsis
}
