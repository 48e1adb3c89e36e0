package mds

import (
	"context"
	"fmt"
	"time"

	"github.com/zbsclient/zbsclient/mds/internal/callback"
	"github.com/zbsclient/zbsclient/mds/internal/wire"
)

// callbackGrace is how long a request may stay unanswered once its callback has
// arrived, which may overtake the response.
const callbackGrace = 100 * time.Millisecond

// askAsync sends the request with a fresh task id and waits for the agent to post the
// result.
func (a *attempt) askAsync(ctx context.Context, o op) {
	a.task = callback.NewTaskID()
	a.askTask(ctx, o, a.task)
}

// askTask is askAsync with the task id given.
func (a *attempt) askTask(ctx context.Context, o op, id string) {
	r := a.server.receiver
	if err := r.Listen(); err != nil {
		a.fail(PhaseDial, unsent, fmt.Errorf("%w: %w", errLocal, err))
		return
	}
	url, err := r.URL(ctx, a.server.addr.HostPort())
	if err != nil {
		a.fail(PhaseDial, unsent, wire.Bare(err))
		return
	}
	task := r.Register(id, url)
	defer r.Forget(task)

	postCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	posted := make(chan struct{})
	go func() {
		defer close(posted)
		a.post(postCtx, o, task)
	}()
	select {
	case result := <-task.Done:
		// The callback overtook the response: wait a little for that, so that the
		// connection can be used again.
		defer time.AfterFunc(callbackGrace, cancel).Stop()
		<-posted
		a.receive(o, result)
	case <-posted:
		a.await(ctx, o, task)
	}
}

// await waits for the callback of a request whose response has come. A request that
// failed may have been executed: a callback that is there already counts.
func (a *attempt) await(ctx context.Context, o op, task *callback.Task) {
	if a.Err != nil {
		select {
		case result := <-task.Done:
			a.receive(o, result)
		default:
		}
		return
	}
	select {
	case result := <-task.Done:
		a.receive(o, result)
	case <-ctx.Done():
		a.Sent = true
		a.fail(PhaseCallback, timedOut, callbackTimeout(ctx))
	}
}

func callbackTimeout(ctx context.Context) error {
	cause := context.Cause(ctx)
	if limit, ok := cause.(*wire.TimeoutError); ok {
		return &wire.TimeoutError{What: "received, but no callback", After: limit.After}
	}
	return cause
}

// receive turns a callback into the outcome of the attempt, whatever became of the
// request's own response.
func (a *attempt) receive(o op, result callback.Result) {
	a.fail("", answered, nil)
	a.Sent = true
	if result.Err != nil {
		a.fail(PhaseDecode, faulted, result.Err)
		return
	}
	a.decode(o, result.Header, result.Body)
}
