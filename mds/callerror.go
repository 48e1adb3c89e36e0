package mds

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// CallError is the error of every Call that got as far as choosing an MDS, whether it
// made one attempt or many. As on every aggregate, errors.Is(err, X) means that some
// attempt was X; ErrAllFailed, ErrAmbiguous and ErrNoCandidates speak of the call as a
// whole.
type CallError struct {
	Op       string    // the endpoint, such as "volume/clients"
	Attempts []Attempt // in the order they began, then the MDS that were not asked (PhaseBreaker)
	Stop     error     // the caller's context error, or that of SendOnlyWhile, when that ended the call

	repeat zbs.Repeat
	state  callState
}

// MayHaveRun reports whether the call may have changed the storage although it
// failed: it is no read, and an agent may have received it and did not say no.
func (e *CallError) MayHaveRun() bool {
	return e.repeat != zbs.Read && slices.ContainsFunc(e.Attempts, Attempt.MayHaveRun)
}

// Error returns one line that names the operation and what each MDS did.
func (e *CallError) Error() string {
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
func (e *CallError) tried() int {
	n := 0
	for _, a := range e.Attempts {
		if a.Phase != PhaseBreaker && (a.Phase != PhaseWithheld || a.Sent) {
			n++
		}
	}
	return n
}

// Format prints a table of the attempts for %+v, and Error otherwise.
func (e *CallError) Format(s fmt.State, verb rune) {
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

// Unwrap returns the errors of the attempts and those of the call as a whole.
func (e *CallError) Unwrap() []error {
	var errs []error
	if e.Stop != nil {
		errs = append(errs, e.Stop)
	}
	if e.MayHaveRun() {
		errs = append(errs, ErrAmbiguous)
	}
	switch {
	case e.state != exhausted && e.state != absent || e.Stop != nil:
	case len(e.Attempts) == 0:
		errs = append(errs, ErrNoCandidates)
	default:
		errs = append(errs, ErrAllFailed)
	}
	for _, a := range e.Attempts {
		errs = append(errs, a.Err)
	}
	return errs
}
