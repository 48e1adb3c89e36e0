package mds

import (
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// What a call does next, and when, is decided here: by functions of what has happened
// and how things stand. They know no clock, lock or server.

const (
	// patienceFactor times the hedge delay is how long a call waits before it asks an
	// MDS although there is no retry token.
	patienceFactor = 16
	// queueChecks is how often in a hedge delay an attempt that waits for a connection
	// looks for a better MDS.
	queueChecks = 4
)

// callState says how far a call has come.
type callState uint8

const (
	asking    callState = iota // an attempt is under way
	starved                    // the same, it is late, and no retry token was left for another
	won                        // an MDS answered
	absent                     // the volume or pool does not exist, as far as was heard in time
	stopped                    // given up: the outcome, the caller or SendOnlyWhile forbids another attempt
	exhausted                  // no MDS is left to ask
)

// over reports whether nothing more is asked.
func (s callState) over() bool { return s >= won }

// step is what a call does after an attempt.
type step uint8

const (
	finish  step = iota // return the answer
	askNext             // ask the next candidate
	stop                // give up
)

// after is the outcome table of the package documentation.
func (o outcome) after(repeat zbs.Repeat, tryNext bool) step {
	switch o {
	case answered:
		return finish
	case unsent, requeued, unfit, unrecognised:
		return askNext
	case faulted:
		if repeat == zbs.Unsafe {
			return stop
		}
		return askNext
	case timedOut, denied:
		if repeat == zbs.Unsafe || !tryNext {
			return stop
		}
		return askNext
	case rejected:
		if !tryNext {
			return stop
		}
		return askNext
	default: // cancelled, slow, lost, withheld: the call is decided
		return stop
	}
}

// move is what a call does next.
type move struct {
	do    action
	why   Why           // of ask
	after time.Duration // of look
}

// action is what a move does.
type action uint8

const (
	rest     action = iota // nothing: an attempt under way decides
	ask                    // ask the best candidate
	requeue                // put the MDS of the attempt behind the others, and ask the best candidate
	withdraw               // take the newest attempt out of its queue: its end asks another MDS
	look                   // look at the newest attempt again after a while
)

// afterFailure decides when an attempt has ended that calls for another one. later says
// that an attempt which began after it is under way: then its hedge delay decides.
func afterFailure(o outcome, later bool) move {
	switch {
	case o == unrecognised:
		return move{do: requeue, why: WhyFailed}
	case o == requeued:
		return move{do: requeue, why: WhySlow}
	case later:
		return move{do: rest}
	default:
		return move{do: ask, why: WhyFailed}
	}
}

// newest is the attempt under way that began last.
type newest struct {
	state    attemptState
	better   bool          // a candidate is better than the MDS whose queue it is in
	onTheWay time.Duration // since its request went out
	delay    time.Duration // its hedge delay
}

// whenLate decides when the newest attempt may have taken longer than its hedge delay.
func whenLate(n newest) move {
	switch {
	case n.state == queued && n.better:
		return move{do: withdraw}
	case n.state == queued:
		return move{do: look, after: max(n.delay/queueChecks, time.Millisecond)}
	case n.onTheWay < n.delay:
		return move{do: look, after: n.delay - n.onTheWay}
	default:
		return move{do: ask, why: WhySlow}
	}
}

// absenceWait returns how long a read waits for an MDS after denials others said that
// the volume or pool does not exist. All MDS share one storage, but an agent that lost its
// pool says so too. So the word of one needs a long silence of the others.
func absenceWait(denials int, delay time.Duration) time.Duration {
	if denials == 1 {
		return patienceFactor * delay
	}
	return delay
}

// mayContradict reports whether a candidate is asked after denials others said that the
// volume or pool does not exist. Where two have said so, one that failed just before is
// not asked, nor is it when no retry token is left.
func mayContradict(denials int, state callState, healthy bool, b Breaker) bool {
	return healthy || denials == 1 && state != starved && b != BreakerOpen
}

// admission says whether the best candidate is asked.
type admission uint8

const (
	admitted   admission = iota
	passedOver           // not asked in this call
	deferred             // not yet
)

// admit decides on the best candidate when a request of the call may have reached
// another MDS that has not answered it, and no retry token is left. An MDS that is
// healthy is asked at once after a failure, and after a long while when the one before
// is slow. One that failed lately is not asked.
func admit(state callState, why Why, healthy, underWay bool) admission {
	switch {
	case healthy && (why == WhyFailed || state == starved):
		return admitted
	case why == WhySlow && underWay:
		return deferred
	default:
		return passedOver
	}
}
