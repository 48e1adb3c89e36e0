package mds

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/zbsclient/zbsclient/mds/internal/wire"
	"github.com/zbsclient/zbsclient/zbs"
)

// attempt is one attempt at one MDS: what bounds it, how far it has come, the record
// of how it ended, and the answer. The goroutine that makes it writes record and
// answer; rivals read them when it is done.
type attempt struct {
	Attempt
	answer     any
	placed     time.Time     // when the request went out; zero: it did not
	recognised time.Time     // when the agent was known to read the command as it is meant
	revived    bool          // again was used for a dead connection
	again      bool          // nothing of the command was executed, and it is made anew once the agent is recognised
	served     time.Duration // what the MDS took, without the wait for a connection

	server  *server
	caller  context.Context // of the call: its end says nothing about the MDS
	ctx     context.Context // of the attempt: ends with that, or by its time-out
	cancel  context.CancelFunc
	limit   wire.TimeoutError // why, then
	began   time.Time
	allowed func() error // of the call's SendOnlyWhile; nil: always
	rivals  rivals       // nil: it belongs to no call

	progress progress

	// The call sets these, and its mutex guards them.
	token   bool    // it cost a retry token
	discard outcome // how it ends because another one has decided the call; answered: it decides
}

// rivals is what an attempt sees of the other candidates of its call.
type rivals interface {
	// prefersAnother reports whether a candidate that was not asked is better by now.
	prefersAnother(than *server) bool
	// recognitionBound bounds how long an agent may take to be recognised; 0: as long
	// as the attempt.
	recognitionBound() time.Duration
}

// attemptState says how far an attempt has come.
type attemptState int64

const (
	starting    attemptState = iota // nothing of it is on the way
	queued                          // waits for a place at its MDS
	withdrawn                       // from the queue: the call goes on with another MDS
	recognising                     // finds out what the agent can do
	inquiring                       // the same, and a request for it is out
	connecting                      // the request waits for its connection
	sent                            // the request may be on its way
	received                        // there is a response; an asynchronous result is awaited
	done                            // the call has taken its end
)

// progress is the state of an attempt and since when it is in it, in one word: rivals
// read both at once. The low bits are the state, the others nanoseconds since the
// attempt began.
type progress struct{ word atomic.Int64 }

const stateBits = 4

func (p *progress) load() (attemptState, time.Duration) {
	word := p.word.Load()
	return attemptState(word & (1<<stateBits - 1)), time.Duration(word >> stateBits)
}

func (p *progress) state() attemptState {
	state, _ := p.load()
	return state
}

func wordOf(state attemptState, since time.Duration) int64 {
	return int64(since)<<stateBits | int64(state)
}

func (p *progress) enter(state attemptState, since time.Duration) { p.word.Store(wordOf(state, since)) }

// move goes from one state to another, and reports false in any other state. The time
// stays.
func (p *progress) move(from, to attemptState) bool {
	for {
		state, since := p.load()
		if state != from {
			return false
		}
		if p.word.CompareAndSwap(wordOf(from, since), wordOf(to, since)) {
			return true
		}
	}
}

// begin starts an attempt at s that takes at most the timeout. It counts as under way
// until its end.
func (a *attempt) begin(ctx context.Context, s *server, timeout time.Duration) {
	s.inFlight.Add(1)
	s.load.Add(1)
	a.server, a.caller, a.began = s, ctx, time.Now()
	a.limit = wire.TimeoutError{What: "no answer", After: timeout}
	a.ctx, a.cancel = context.WithTimeoutCause(ctx, timeout, &a.limit)
}

// newAttempt begins an attempt that belongs to no call.
func newAttempt(ctx context.Context, s *server, timeout time.Duration) *attempt {
	a := &attempt{}
	a.begin(ctx, s, timeout)
	return a
}

func (a *attempt) end() {
	a.cancel()
	if a.progress.state() != received {
		a.server.load.Add(-1)
	}
	a.server.inFlight.Add(-1)
}

// place notes that a request goes out now.
func (a *attempt) place() {
	a.placed = time.Now()
	if !a.progress.move(recognising, inquiring) {
		a.progress.enter(connecting, a.placed.Sub(a.began))
	}
}

// Connected is told by the wire whether the request has a connection.
func (a *attempt) Connected(yes bool) {
	if yes {
		a.progress.move(connecting, sent)
	} else {
		a.progress.move(sent, connecting)
	}
}

// respond notes that the connection is done with.
func (a *attempt) respond() {
	if a.progress.move(sent, received) {
		a.server.load.Add(-1)
	}
}

// onTheWay returns how long ago the request went out, or the agent began to be
// recognised; 0 before.
func (a *attempt) onTheWay() time.Duration {
	switch state, since := a.progress.load(); state {
	case recognising, inquiring, connecting, sent, received:
		return time.Since(a.began) - since
	default:
		return 0
	}
}

// mayHaveReached reports whether the MDS may have the request and has not answered it.
func (a *attempt) mayHaveReached() bool {
	switch a.progress.state() {
	case sent, received:
		return true
	case done:
		return a.MayHaveRun()
	default:
		return false
	}
}

// asked reports whether a request of the attempt is out.
func (a *attempt) asked() bool {
	switch a.progress.state() {
	case inquiring, connecting, sent, received:
		return true
	default:
		return false
	}
}

func (a *attempt) done() bool { return a.progress.state() == done }

// errLocal marks a failure on our side, before the MDS had a part in it.
var errLocal = errors.New("local failure")

// fail notes how the attempt failed.
func (a *attempt) fail(p Phase, o outcome, err error) { a.Phase, a.outcome, a.Err = p, o, err }

// clear forgets how a request ended that was not the command's own.
func (a *attempt) clear() { a.Phase, a.outcome, a.Err, a.Sent, a.Status = "", answered, nil, false, 0 }

// health is what the attempt tells the breaker.
func (a *attempt) health() health {
	switch a.outcome {
	case cancelled, requeued, lost, withheld, unfit:
		return neutral
	case unsent, faulted, timedOut, unrecognised:
		if errors.Is(a.Err, ErrBusy) || errors.Is(a.Err, errLocal) {
			return neutral
		}
		return unhealthy
	case slow:
		return unhealthy
	default:
		return healthy
	}
}

// loses says how an attempt ended that another one has made superfluous. Its answer,
// if one arrived, is discarded.
func (a *attempt) loses() {
	switch a.outcome {
	case answered:
		a.outcome = lost // so it is not slow
	case unsent, faulted, timedOut, unrecognised:
		a.outcome = a.discard
	default:
		return
	}
	a.Err = &lateError{a.Duration}
	if a.Phase == "" {
		a.Phase = PhaseWait
	}
}

// deniesExistence reports whether the agent answered that the volume or pool does not
// exist.
func (a *attempt) deniesExistence() bool {
	no, ok := errors.AsType[*zbs.AgentError](a.Err)
	return ok && a.outcome == denied && no.NotFound()
}

// observe adds what the attempt tells of its MDS to the tally of the endpoint.
func (a *attempt) observe(t *tally) {
	t.observe(a.outcome, a.served)
	if a.health() == unhealthy {
		a.server.failed(a.Err)
	}
}
