package fakemds

import (
	"net/http"

	"github.com/zbsclient/zbsclient/fakemds/internal/agent"
	"github.com/zbsclient/zbsclient/fakemds/internal/memnet"
)

// serve answers the request as the faults say, and reports whether the connection can
// go on.
func (x *exchange) serve() bool {
	x.record()
	fault := x.faults.response()
	switch fault.kind {
	case hang, reset, hangUp, status, agentError, agentBroken:
		return x.serveFault(fault)
	}
	if x.faults.has(blackhole) {
		x.hang()
		return false
	}
	if r, bad := check(x.req, x.body, x.ep); bad {
		return x.answer(r)
	}
	if !x.ep.Sync {
		return x.serveAsync(fault)
	}
	if x.pause() != nil {
		return false
	}
	result := x.execute()
	return x.finish(fault, reply{http.StatusOK, result})
}

// serveAsync accepts the call with an empty body. Its work goes on.
func (x *exchange) serveAsync(fault Fault) bool {
	accepted := reply{code: http.StatusOK}
	if !x.start(fault) {
		return x.answer(accepted)
	}
	return x.finish(fault, accepted)
}

// finish answers r, or does what a fault does instead once the work is done.
func (x *exchange) finish(fault Fault, r reply) bool {
	switch fault.kind {
	case hangAfter:
		x.hang()
		return false
	case resetAfter:
		memnet.Abort(x.conn)
		return false
	case hangUpAfter:
		return false
	case statusAfter:
		return x.answer(htmlReply(fault.code, ""))
	}
	return x.answer(r)
}

// serveFault does what a fault does instead of executing.
func (x *exchange) serveFault(f Fault) bool {
	if f.kind == agentError || f.kind == agentBroken {
		return x.serveError(f)
	}
	if x.pause() != nil {
		return false
	}
	switch f.kind {
	case hang:
		x.hang()
	case reset:
		memnet.Abort(x.conn)
	case status:
		return x.answer(htmlReply(f.code, ""))
	}
	return false
}

// serveError reports an error of the agent in the way the endpoint reports its
// result.
func (x *exchange) serveError(f Fault) bool {
	if r, bad := check(x.req, x.body, x.ep); bad {
		return x.answer(r)
	}
	if !x.ep.Sync {
		return x.serveAsync(f)
	}
	if x.pause() != nil {
		return false
	}
	if f.kind == agentBroken {
		return x.answer(htmlReply(http.StatusInternalServerError, ""))
	}
	return x.answer(reply{http.StatusOK, agent.Failure(f.text)})
}
