package fakemds

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Fault is one way a node can go wrong. It is a value: inject it into as many
// nodes as you like. A fault acts on every request until it is cleared, or on
// as many as Times says, or only on the endpoints that On names. The zero Fault
// does nothing.
//
// Faults fall into groups. Of the faults that decide the response to a request
// (Hang, HangAfter, Reset, ResetAfter, HangUp, HangUpAfter, Status, StatusAfter,
// AgentError, AgentBroken) exactly one acts on a request: the one injected first
// that is not used up. So Inject(Reset.Times(1), Status(503).Times(1)) resets the
// first request and answers 503 to the second. All others add to it: Slow, SlowBody,
// Truncate, Garbage, StaleList and the callback faults combine, each kind once.
//
// A Request.Probe asks for no work. Of faults without Times and On it meets those
// that keep a node from answering at all: Hang, Reset, HangUp, Status, Refuse and
// Blackhole. It also meets Status(404), for all endpoints or On its own.
type Fault struct {
	kind  kind
	delay time.Duration
	code  int
	text  string
	left  int // 0: until cleared
	on    string
}

type kind int

const (
	noFault kind = iota
	refuse
	blackhole
	hang
	hangAfter
	reset
	resetAfter
	hangUp
	hangUpAfter
	slow
	slowBody
	truncate
	garbage
	status
	statusAfter
	agentError
	agentBroken
	callbackLost
	callbackLate
	callbackTwice
	callbackEarly
	staleList
	storageError
	lastKind = storageError
)

var kindTexts = map[kind]string{
	refuse: "refuse", blackhole: "blackhole", hang: "hang", hangAfter: "hang-after",
	reset: "reset", resetAfter: "reset-after", hangUp: "hang-up", hangUpAfter: "hang-up-after", slow: "slow", slowBody: "slow-body",
	truncate: "truncate", garbage: "garbage", status: "status", statusAfter: "status-after",
	agentError: "agent-error", agentBroken: "agent-broken",
	callbackLost: "callback-lost", callbackLate: "callback-late",
	callbackTwice: "callback-twice", callbackEarly: "callback-early", staleList: "stale-list",
	storageError: "storage-error",
}

// The faults without a parameter. The first two act on a connect, to which On does
// not apply. The callback faults act on the callback of an asynchronous call, the
// others on a request.
var (
	// Refuse refuses connections; open ones are cut, as when the process died.
	Refuse = Fault{kind: refuse}
	// Blackhole never completes a connect; a request on an open connection
	// is neither executed nor answered, as when the host lost its network.
	Blackhole = Fault{kind: blackhole}
	// Hang reads the request and does nothing with it, ever.
	Hang = Fault{kind: hang}
	// HangAfter executes the request and never answers: no reply and, for an
	// asynchronous call, no callback.
	HangAfter = Fault{kind: hangAfter}
	// Reset cuts the connection instead of executing the request.
	Reset = Fault{kind: reset}
	// ResetAfter executes the request and cuts the connection instead of
	// answering. The callback of an asynchronous call is still sent, as by the
	// real agent; add CallbackLost to lose that too.
	ResetAfter = Fault{kind: resetAfter}
	// LoseReply is ResetAfter.
	LoseReply = ResetAfter
	// HangUp is Reset with an orderly end of the connection: the caller sees EOF.
	HangUp = Fault{kind: hangUp}
	// HangUpAfter is ResetAfter with an orderly end of the connection.
	HangUpAfter = Fault{kind: hangUpAfter}
	// Truncate ends the connection in the middle of the body: of the reply of
	// a synchronous call, of the callback of an asynchronous one. An empty
	// reply is cut inside its header.
	Truncate = Fault{kind: truncate}
	// Garbage sends something that is no JSON where the result should be: in
	// the reply of a synchronous call, in the callback of an asynchronous one.
	Garbage = Fault{kind: garbage}
	// AgentBroken is a bug of the agent outside its handlers, and executes
	// nothing: an asynchronous call gets a callback with the header "error" and
	// a Python traceback as body, a synchronous one the status 500.
	AgentBroken = Fault{kind: agentBroken}
	// CallbackLost never sends the callback.
	CallbackLost = Fault{kind: callbackLost}
	// CallbackTwice sends the callback twice, one after the other.
	CallbackTwice = Fault{kind: callbackTwice}
	// CallbackEarly sends the callback before the reply to the POST, as the
	// real agent did in a quarter of its fast calls.
	CallbackEarly = Fault{kind: callbackEarly}
	// StaleList makes volume/clients answer as things stood when the fault
	// was injected.
	StaleList = Fault{kind: staleList}
)

// Slow makes the work take d longer. The work is done even if the caller has left by
// then. An asynchronous call is accepted at once, and does its work and calls back
// after d.
func Slow(d time.Duration) Fault { return Fault{kind: slow, delay: d} }

// SlowBody sends the second half of the body d after the first: of the reply of
// a synchronous call, of the callback of an asynchronous one.
func SlowBody(d time.Duration) Fault { return Fault{kind: slowBody, delay: d} }

// Status answers the HTTP status code, with an HTML body, and does not execute.
func Status(code int) Fault { return Fault{kind: status, code: code} }

// StatusAfter executes, then answers the HTTP status code; the callback of an
// asynchronous call is still delivered.
func StatusAfter(code int) Fault { return Fault{kind: statusAfter, code: code} }

// AgentError answers {"success":false,"error":msg} and does not execute.
func AgentError(msg string) Fault { return Fault{kind: agentError, text: msg} }

// StorageError makes the storage's own command fail with the text msg, such as
// "rpc timeout". The agent executes and treats the failure in its own way:
// volume/query reports it, volume/delete and snapshot/delete answer success.
func StorageError(msg string) Fault { return Fault{kind: storageError, text: msg} }

// CallbackLate sends the callback d after the work was done.
func CallbackLate(d time.Duration) Fault { return Fault{kind: callbackLate, delay: d} }

// Times returns the fault limited to the next n events it acts on: requests, or
// connects for Refuse and Blackhole. n < 1 means until cleared.
func (f Fault) Times(n int) Fault {
	f.left = max(n, 0)
	return f
}

// On returns the fault limited to these endpoints, such as "volume/clients".
func (f Fault) On(endpoints ...string) Fault {
	f.on = strings.ReplaceAll(" "+strings.Join(endpoints, " "), " /", " ")[1:]
	return f
}

// String names the fault as ParseFault and the admin API do, with its limits.
func (f Fault) String() string {
	var b strings.Builder
	b.WriteString(kindTexts[f.kind])
	switch {
	case f.kind == noFault:
		return "none"
	case f.delay != 0:
		fmt.Fprintf(&b, "(%v)", f.delay)
	case f.code != 0:
		fmt.Fprintf(&b, "(%d)", f.code)
	case f.text != "":
		fmt.Fprintf(&b, "(%q)", f.text)
	}
	if f.left > 0 {
		fmt.Fprintf(&b, " times %d", f.left)
	}
	if f.on != "" {
		b.WriteString(" on " + f.on)
	}
	return b.String()
}

// matches reports whether the fault acts on the endpoint.
func (f Fault) matches(endpoint string) bool {
	return f.on == "" || slices.Contains(strings.Fields(f.on), endpoint)
}

// isResponse reports whether the kind decides the response. Only one such fault acts
// on a request.
func (k kind) isResponse() bool {
	switch k {
	case hang, hangAfter, reset, resetAfter, hangUp, hangUpAfter, status, statusAfter, agentError, agentBroken:
		return true
	}
	return false
}

// onDial reports whether the kind acts on a connect.
func (k kind) onDial() bool { return k == refuse || k == blackhole }

// onCallback reports whether the kind acts on the callback of an asynchronous call.
func (k kind) onCallback() bool {
	switch k {
	case callbackLost, callbackLate, callbackTwice, callbackEarly:
		return true
	}
	return false
}

// onProbe reports whether the fault acts on a Request.Probe, which asks for no work.
// A fault does that keeps the node from answering anything, and so does a 404, which
// says that the agent lacks the endpoint. A fault with Times waits for a request that
// asks for work.
func (f Fault) onProbe() bool {
	switch {
	case f.left > 0:
		return false
	case f.kind == status && f.code == http.StatusNotFound:
		return true
	}
	return f.on == "" && slices.Contains([]kind{hang, reset, hangUp, status, blackhole}, f.kind)
}
