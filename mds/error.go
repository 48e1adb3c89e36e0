package mds

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// Errors to match with errors.Is on what Call and New return.
var (
	// ErrAllFailed: no candidate was left to ask.
	ErrAllFailed = errors.New("no MDS answered")
	// ErrAmbiguous: the call changes the storage, and it may have run although
	// it failed. Look before repeating it.
	ErrAmbiguous = errors.New("may have run")
	// ErrNoCandidates: there was no MDS to ask; nothing was sent.
	ErrNoCandidates = errors.New("no MDS to ask")
	// ErrBreakerOpen: an MDS was not asked because it failed just before. It
	// comes with ErrRetryBudget: as long as that lasts, it is asked all the same.
	ErrBreakerOpen = errors.New("circuit breaker open")
	// ErrRetryBudget: an MDS that failed just before was not asked, because the
	// request may have reached another one and the Caller's extra attempts are
	// spent: too many have failed lately.
	ErrRetryBudget = errors.New("retry budget spent")
	// ErrOvertaken: another MDS answered first.
	ErrOvertaken = errors.New("overtaken")
	// ErrBusy: every connection to the MDS was in use until the time was up.
	ErrBusy = errors.New("all connections busy")
	// ErrAgentTooOld: the agent of an MDS is of ZStack 5.4.0 or older, or of ZSV
	// 4.10, and would misread the command; nothing was sent to it.
	ErrAgentTooOld = zbs.ErrAgentTooOld
	// ErrUnsupported: the agent of an MDS does not have what the command asks for.
	ErrUnsupported = zbs.ErrUnsupported
	// ErrWrongCluster: MDS of different clusters stand in one list.
	ErrWrongCluster = zbs.ErrWrongCluster
	// ErrInvalidOption: a bad option or address was given to New.
	ErrInvalidOption = errors.New("invalid option")
	// ErrClosed: the Caller is closed.
	ErrClosed = errors.New("caller is closed")
)

// Phase says how far an attempt came before it failed. It is empty for an
// attempt that succeeded.
type Phase string

const (
	PhaseBreaker  Phase = "breaker"  // not asked: it failed just before, and the retry budget is spent
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
	Duration time.Duration // of the attempt, with all its tries

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

// WalkError is every failed Call that got as far as choosing whom to ask, be
// it one attempt or many. As on every aggregate, errors.Is(err, X) means that
// some attempt was X; ErrAllFailed, ErrAmbiguous and ErrNoCandidates speak of
// the call as a whole.
type WalkError struct {
	Op       string    // the endpoint, such as "volume/clients"
	Attempts []Attempt // in the order they were made, and then those of PhaseBreaker, which were not
	Stop     error     // the caller's context error, or that of SendOnlyWhile, when it ended the walk

	exhausted bool // nobody was left to ask
	mutation  bool
}

// MayHaveRun reports whether the call may have changed the storage although it
// failed: it is no read, and an agent may have received it and did not say no.
func (e *WalkError) MayHaveRun() bool {
	return e.mutation && slices.ContainsFunc(e.Attempts, Attempt.MayHaveRun)
}

// Error returns one line that names the operation and what each MDS did.
func (e *WalkError) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	switch {
	case e.MayHaveRun():
		b.WriteString(": may have run, look before repeating it")
	case len(e.Attempts) == 0 && e.Stop == nil:
		b.WriteString(": no MDS to ask")
	}
	if e.Stop != nil {
		fmt.Fprintf(&b, ": stopped by the caller: %v", e.Stop)
	}
	if len(e.Attempts) > 0 {
		fmt.Fprintf(&b, ": %d MDS tried", e.tried())
	}
	separator := ": "
	for _, a := range e.Attempts {
		b.WriteString(separator)
		b.WriteString(a.String())
		separator = "; "
	}
	return b.String()
}

// tried counts the MDS that were asked.
func (e *WalkError) tried() int {
	n := 0
	for _, a := range e.Attempts {
		if a.Phase != PhaseBreaker && (a.Phase != PhaseWithheld || a.Sent) {
			n++
		}
	}
	return n
}

// Format prints a table of the attempts for %+v, and Error otherwise.
func (e *WalkError) Format(s fmt.State, verb rune) {
	if verb != 'v' || !s.Flag('+') {
		io.WriteString(s, e.Error())
		return
	}
	io.WriteString(s, e.Op)
	if e.MayHaveRun() {
		io.WriteString(s, " (may have run)")
	}
	if e.Stop != nil {
		fmt.Fprintf(s, " (stopped by the caller: %v)", e.Stop)
	}
	w := tabwriter.NewWriter(s, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "\nMDS\tPHASE\tSENT\tSTATUS\tAFTER\tERROR")
	for _, a := range e.Attempts {
		fmt.Fprintf(w, "\n%s\t%s\t%t\t%d\t%v\t%v", a.Addr, a.Phase, a.Sent, a.Status, a.Duration.Round(time.Microsecond), a.Err)
	}
	w.Flush()
}

// Unwrap returns the errors of the attempts and what the whole walk came to.
func (e *WalkError) Unwrap() []error {
	var errs []error
	if e.Stop != nil {
		errs = append(errs, e.Stop)
	}
	if e.MayHaveRun() {
		errs = append(errs, ErrAmbiguous)
	}
	if len(e.Attempts) == 0 && e.exhausted {
		errs = append(errs, ErrNoCandidates)
	} else if e.exhausted {
		errs = append(errs, ErrAllFailed)
	}
	for _, a := range e.Attempts {
		errs = append(errs, a.Err)
	}
	return errs
}

// StatusError is a response whose HTTP status is not 200.
type StatusError struct {
	Status int
	Text   string // the reason the page gives, may be empty
}

// Error returns the status and the page's reason.
func (e *StatusError) Error() string {
	if e.Text == "" {
		return fmt.Sprintf("HTTP status %d", e.Status)
	}
	return fmt.Sprintf("HTTP status %d: %s", e.Status, e.Text)
}

// notAsked is why an MDS that failed just before was not asked.
type notAsked struct{ last *failure }

func (e *notAsked) Error() string {
	if e.last == nil {
		return "not asked, " + ErrRetryBudget.Error()
	}
	return fmt.Sprintf("not asked, %v; %v ago: %v", ErrRetryBudget, time.Since(e.last.at).Round(time.Millisecond), e.last.err)
}

func (e *notAsked) Is(target error) bool { return target == ErrRetryBudget || target == ErrBreakerOpen }

// lateError is an attempt that was given up because another MDS had answered.
type lateError struct{ after time.Duration }

func (e *lateError) Error() string {
	return fmt.Sprintf("no answer after %v, when another MDS had answered", e.after.Round(10*time.Microsecond))
}

func (e *lateError) Is(target error) bool { return target == ErrOvertaken }

// timeoutError is an attempt that took too long. It matches
// os.ErrDeadlineExceeded, not context.DeadlineExceeded: that one says that the
// caller's own context ended.
type timeoutError struct {
	what  string
	after time.Duration
}

func (e *timeoutError) Error() string { return fmt.Sprintf("%s within %v", e.what, e.after) }

func (e *timeoutError) Is(target error) bool { return target == os.ErrDeadlineExceeded }

// Timeout makes the error a timeout for net.Error.
func (e *timeoutError) Timeout() bool { return true }

// bare strips the wrappers that repeat method, URL, address and system call: the
// attempt has address and phase already.
func bare(err error) error {
	for {
		var inner error
		switch e := err.(type) {
		case *url.Error:
			inner = e.Err
		case *net.OpError:
			inner = e.Err
		case *os.SyscallError:
			inner = e.Err
		}
		if inner == nil {
			return err
		}
		err = inner
	}
}
