package fakemds

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

type faultKind string

const (
	kindRefuse        faultKind = "refuse"
	kindBlackhole     faultKind = "blackhole"
	kindHang          faultKind = "hang"
	kindHangAfter     faultKind = "hang-after"
	kindReset         faultKind = "reset"
	kindResetAfter    faultKind = "reset-after"
	kindSlow          faultKind = "slow"
	kindSlowBody      faultKind = "slow-body"
	kindTruncate      faultKind = "truncate"
	kindGarbage       faultKind = "garbage"
	kindStatus        faultKind = "status"
	kindStatusAfter   faultKind = "status-after"
	kindAgentError    faultKind = "agent-error"
	kindCallbackLost  faultKind = "callback-lost"
	kindCallbackLate  faultKind = "callback-late"
	kindCallbackTwice faultKind = "callback-twice"
	kindStaleList     faultKind = "stale-list"
)

// Fault is one way in which a node misbehaves. Faults are values: Times and On
// return changed copies. The zero Fault does nothing.
//
// Several faults injected into a node act together: a Slow and a Truncate make
// a slow answer that is cut off. Of two that end a request in different ways
// the one injected first wins.
type Fault struct {
	kind   faultKind
	delay  time.Duration
	status int
	text   string
	times  int // 0: until cleared
	on     []string
}

// Faults of the connection. They are decided before a request is read, so On
// does not narrow them.
var (
	Refuse    = Fault{kind: kindRefuse}    // nobody listens
	Blackhole = Fault{kind: kindBlackhole} // a connect never completes
)

// Faults before the command is executed.
var (
	Hang  = Fault{kind: kindHang}  // the request is read and never answered
	Reset = Fault{kind: kindReset} // the request is read and the connection reset
)

// Faults after the command was executed.
var (
	HangAfter  = Fault{kind: kindHangAfter}  // neither answered nor called back
	ResetAfter = Fault{kind: kindResetAfter} // the connection is reset; a callback comes all the same
	LoseReply  = ResetAfter
	Truncate   = Fault{kind: kindTruncate} // the answer is cut off in the middle
	Garbage    = Fault{kind: kindGarbage}  // the answer is no JSON
)

// Faults of the callback of an asynchronous command, which is executed.
var (
	CallbackLost  = Fault{kind: kindCallbackLost}  // never delivered
	CallbackTwice = Fault{kind: kindCallbackTwice} // delivered once more
)

// StaleList freezes the clients of every volume for the node: it answers who
// had them open when the fault was injected.
var StaleList = Fault{kind: kindStaleList}

// Slow delays a request by d before it is executed.
func Slow(d time.Duration) Fault { return Fault{kind: kindSlow, delay: d} }

// SlowBody sends the answer in pieces that take d in all.
func SlowBody(d time.Duration) Fault { return Fault{kind: kindSlowBody, delay: d} }

// Status answers with an HTTP error and does not execute.
func Status(code int) Fault { return Fault{kind: kindStatus, status: code} }

// StatusAfter executes and then answers with an HTTP error; a callback comes
// all the same.
func StatusAfter(code int) Fault { return Fault{kind: kindStatusAfter, status: code} }

// AgentError answers success false with the message and does not execute.
func AgentError(message string) Fault { return Fault{kind: kindAgentError, text: message} }

// CallbackLate delivers the callback after d.
func CallbackLate(d time.Duration) Fault { return Fault{kind: kindCallbackLate, delay: d} }

// Times returns a fault that acts n times and is gone.
func (f Fault) Times(n int) Fault {
	f.times = n
	return f
}

// On returns a fault that acts on requests to these endpoints alone, such as
// "volume/clients".
func (f Fault) On(endpoints ...string) Fault {
	f.on = slices.Clone(endpoints)
	return f
}

// String names the fault as ParseFault takes it, with what narrows it.
func (f Fault) String() string {
	text := string(f.kind)
	switch {
	case f.status != 0:
		text += fmt.Sprintf("(%d)", f.status)
	case f.delay != 0:
		text += fmt.Sprintf("(%v)", f.delay)
	}
	if len(f.on) > 0 {
		text += " on " + strings.Join(f.on, ",")
	}
	if f.times > 0 {
		text += fmt.Sprintf(" ×%d", f.times)
	}
	return text
}

func (f Fault) matches(endpoint string) bool {
	return len(f.on) == 0 || slices.Contains(f.on, endpoint)
}

// plainFaults need nothing but their name.
var plainFaults = []Fault{
	Refuse, Blackhole, Hang, HangAfter, Reset, ResetAfter, Truncate, Garbage, CallbackLost, CallbackTwice, StaleList,
}

// ParseFault returns the fault of the name that String gives: refuse,
// blackhole, hang, hang-after, reset, reset-after, truncate, garbage,
// callback-lost, callback-twice, stale-list; slow, slow-body and callback-late,
// which take the delay; status and status-after with a code, as in status-503
// and status-after-503; agent-error.
func ParseFault(name string, delay time.Duration) (Fault, error) {
	for _, f := range plainFaults {
		if string(f.kind) == name {
			return f, nil
		}
	}
	switch kind := faultKind(name); kind {
	case kindSlow, kindSlowBody, kindCallbackLate:
		if delay <= 0 {
			return Fault{}, fmt.Errorf("fault %s needs a delay such as 2s", name)
		}
		return Fault{kind: kind, delay: delay}, nil
	case kindAgentError:
		return AgentError("injected"), nil
	}
	var code int
	for _, kind := range []faultKind{kindStatusAfter, kindStatus} {
		if _, err := fmt.Sscanf(name, string(kind)+"-%d", &code); err == nil && http.StatusText(code) != "" {
			return Fault{kind: kind, status: code}, nil
		}
	}
	return Fault{}, fmt.Errorf("unknown fault %q, want one of %s", name, strings.Join(faultNames(), ", "))
}

func faultNames() []string {
	names := []string{"slow", "slow-body", "callback-late", "status-CODE", "status-after-CODE", "agent-error"}
	for _, f := range plainFaults {
		names = append(names, string(f.kind))
	}
	slices.Sort(names)
	return names
}

// faults are those that act on one request.
type faults []Fault

func (fs faults) find(kinds ...faultKind) (Fault, bool) {
	for _, f := range fs {
		if slices.Contains(kinds, f.kind) {
			return f, true
		}
	}
	return Fault{}, false
}

func (fs faults) has(kind faultKind) bool {
	_, ok := fs.find(kind)
	return ok
}
