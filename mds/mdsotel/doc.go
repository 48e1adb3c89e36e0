// Package mdsotel makes spans of OpenTelemetry of the calls of an mds.Caller.
//
//	caller, err := mds.New(addrs, mds.WithHook(mdsotel.NewHook(provider)))
//
// # Spans
//
// A call is a span of kind internal, "zbs volume/clients", below the span of the
// context it is made with. Each attempt at an MDS is a span of kind client below
// it, "zbs volume/clients attempt". Attempts of one call may overlap. One attempt
// may be several requests: a repeat on a fresh connection, or the question whether
// the agent is new enough. The callback of an asynchronous call is part of it.
//
//	zbs.endpoint                 both: such as "volume/clients"
//	zbs.outcome                  of an attempt: answered, refused, failed, discarded, cancelled,
//	                             requeued (no connection was free)
//	                             of a call: answered, failed, cancelled, may_have_run
//	zbs.why                      attempt: why the MDS was asked (mds.Why)
//	zbs.breaker                  attempt: the state of its circuit breaker then
//	zbs.phase                    attempt: how far it came (mds.Phase); absent when it answered
//	zbs.sent                     attempt: the agent may have received the request
//	zbs.attempts                 call: how many there were
//	zbs.answered_by              call: the MDS whose answer was returned; absent when none was
//	server.address, server.port  attempt: the agent
//	url.full                     attempt: where the request goes, which holds no credentials
//	http.request.method          attempt: POST
//	http.response.status_code    attempt: absent without a response
//	error.type                   both, of those with status error: an HTTP status such as "503",
//	                             timeout, the phase, may_have_run, canceled or _OTHER
//
// # Status
//
// A call that returns an error, and an attempt that was refused or failed, have
// the status error with the error's text, cut to MaxDescription. An attempt that
// was discarded, cancelled or requeued is no error: it says nothing of the
// MDS, and the call goes on or has been ended by its caller. A call that
// succeeds after failed attempts has no error either.
//
// The text of an error may quote an agent. Passwords are not in it: package mds
// takes out the one that a command carries, and its addresses have none.
//
// # The agents
//
// Trace context is not sent to the agents: they know nothing of it.
package mdsotel
