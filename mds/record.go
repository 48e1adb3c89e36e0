package mds

import (
	"fmt"
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// Phase says how far an attempt came before it failed. It is empty for an
// attempt that succeeded.
type Phase string

const (
	PhaseBreaker  Phase = "breaker"  // not asked: it failed lately, and no retry token was left
	PhaseWithheld Phase = "withheld" // not sent: SendOnlyWhile said no
	// PhaseGeneration: not sent, because the agent is too old or cannot do it.
	PhaseGeneration Phase = "generation"
	PhaseQueue      Phase = "queue"    // no connection was free
	PhaseDial       Phase = "dial"     // no connection
	PhaseTLS        Phase = "tls"      // no secure connection
	PhaseWrite      Phase = "write"    // the request was not written to its end
	PhaseWait       Phase = "wait"     // written; no response, or one of an error status
	PhaseBody       Phase = "body"     // the response broke off
	PhaseDecode     Phase = "decode"   // the response is no agent's answer
	PhaseAgent      Phase = "agent"    // the agent answered no
	PhaseCallback   Phase = "callback" // received by the agent; the result was never posted
)

// Why says why an MDS was asked.
type Why string

const (
	WhyFirst    Why = "first"    // it is first in order
	WhyFailed   Why = "failed"   // the attempt before failed
	WhySlow     Why = "slow"     // the attempt before took longer than its hedge delay, or had no free connection
	WhyTargeted Why = "targeted" // the call has it as its Target
)

// Attempt is what one MDS did with a call.
type Attempt struct {
	Addr     zbs.Addr
	Why      Why           // it was asked; empty when it was not, see Phase
	Breaker  Breaker       // its state when it was asked
	Began    time.Duration // since the call began
	Phase    Phase         // how far it came; empty when it answered
	Err      error         // nil when it answered
	Sent     bool          // the agent may have received the request
	Status   int           // of HTTP, 0 without a response
	Duration time.Duration // of the attempt, with its repetitions

	outcome outcome
	task    string // id of an asynchronous attempt
}

// MayHaveRun reports whether the agent may have received the request and did
// not say no.
func (a Attempt) MayHaveRun() bool {
	return a.Sent && a.Err != nil && a.outcome != denied && a.outcome != rejected
}

// String returns the attempt in one line.
func (a Attempt) String() string {
	if a.Err == nil {
		return fmt.Sprintf("%s: answered", a.Addr)
	}
	if no, ok := a.Err.(*zbs.AgentError); ok { // its text names the agent again
		return fmt.Sprintf("%s: %s: %s", a.Addr, a.Phase, no.Reason())
	}
	return fmt.Sprintf("%s: %s: %v", a.Addr, a.Phase, a.Err)
}
