package mds

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

const (
	// drainTimeout bounds all of them.
	drainTimeout = 10 * time.Second
	// drainTry is how long one facts query waits for its result before it is sent
	// again. An agent takes a second or two for it, and drops a query that arrives
	// while the callback before it is being delivered.
	drainTry = 3 * time.Second
)

var factsOp = op{
	endpoint: zbs.EndpointFacts,
	command:  zbs.GetFacts{},
	decode:   func(body []byte) (any, error) { return zbs.DecodeAnswer[zbs.Facts](body) },
}

// Drained reports whether every MDS has finished with the call that failed: what the call
// has not changed by now it never will. False means that an MDS may be at work on it, or
// cannot be asked. It takes at most 10 seconds.
//
// An agent drops, on every endpoint, a request whose task id it has in work. So each MDS
// that may have got the call is sent a facts query under the call's task id, and a result
// means that the task is finished. Two results are needed: an agent takes connections in
// the order they came, so a request that waited when the first query arrived is in work
// by the time of the second. Agents whose facts name their cluster (newer than 5.4.0, on
// a storage of 1.5.1 or later) were seen to drop such requests. What the results of any
// other agent prove is not known, and the answer is false. An agent that was restarted
// meanwhile, and left a command of the storage running, is not covered.
func (e *CallError) Drained(ctx context.Context, c *Caller) bool {
	return c.drained(ctx, e.Attempts)
}

// Drained is CallError.Drained for the attempts that failed before one MDS
// answered the call.
func (t Trace) Drained(ctx context.Context, c *Caller) bool { return c.drained(ctx, t.Attempts) }

func (c *Caller) drained(ctx context.Context, attempts []Attempt) bool {
	ctx, cancel := context.WithTimeout(ctx, drainTimeout)
	defer cancel()
	var pending atomic.Bool
	var wg sync.WaitGroup
	for _, a := range attempts {
		if !a.MayHaveRun() {
			continue
		}
		s := c.cluster.find(a.Addr)
		if s == nil || a.task == "" {
			return false
		}
		wg.Go(func() {
			if !s.idle(ctx, a.task) {
				pending.Store(true)
			}
		})
	}
	wg.Wait()
	return !pending.Load()
}

// idle reports whether the MDS gives two results for the task id.
func (s *server) idle(ctx context.Context, task string) bool {
	const most = 3 // one of them may be the call's own, late
	for results := 0; results < 2 || !s.agent.DropsRepeated(); {
		a := newAttempt(ctx, s, drainTry)
		if _, ok := a.suit(factsOp); ok {
			a.askTask(a.ctx, factsOp, task)
		}
		a.end()
		switch {
		case a.outcome == answered || a.outcome == denied:
			a.teach(factsOp)
			if results++; results == most && !s.agent.DropsRepeated() {
				return false
			}
		case a.again: // over a connection that was dead
		case ctx.Err() != nil, a.Phase != PhaseCallback:
			return false
		}
	}
	return true
}
