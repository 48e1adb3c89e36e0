package mds

import "github.com/zbsclient/zbsclient/zbs"

// outcome is how an attempt ended, as far as it decides what comes next.
type outcome uint8

const (
	answered  outcome = iota
	unsent            // breaker open, no connection: the agent provably has not got it
	faulted           // reset, EOF, broken or foreign answer, HTTP 5xx: it may have run
	timedOut          // no answer, or no callback, in time: it may have run
	rejected          // HTTP 4xx: the agent took no notice of it
	denied            // the agent answered success false
	cancelled         // the caller's context is done
	putOff            // no connection was free, and another MDS had one: nothing was sent
	overtaken         // an MDS that was asked later answered first: it is slow
	outrun            // an MDS that was asked earlier answered first, or ended the call
	withheld          // SendOnlyWhile said no: nothing more was sent
	unfit             // the agent is too old or cannot do it: nothing was sent

	lastOutcome = unfit
)

// step is what the walk does after an attempt.
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
	case unsent, putOff, unfit:
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
	default: // cancelled, overtaken, outrun, withheld: the call is decided
		return stop
	}
}
