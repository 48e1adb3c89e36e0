package fakemds

import (
	"context"
	"time"

	"github.com/zbsclient/zbsclient/fakemds/internal/agent"
)

// start starts the work of an asynchronous call, and reports whether there is any.
func (x *exchange) start(fault Fault) bool {
	id := x.req.Header.Get("taskuuid")
	if x.req.Header.Get("callbackurl") == "" {
		return false // without a place for the result the agent executes nothing
	}
	if !x.proc.begin(id) {
		x.ledger.change(x.rec, func(r *Request) { r.Dropped = true })
		return false
	}
	called := make(chan struct{})
	x.wg.Go(func() {
		defer close(called)
		defer x.proc.end(id)
		x.work(fault)
	})
	if x.faults.has(callbackEarly) {
		early, cancel := context.WithTimeout(x.proc.life, time.Second)
		defer cancel()
		select { // with a limit: the receiver may wait for this reply
		case <-called:
		case <-early.Done():
		}
	}
	return true
}

// work does what an asynchronous call asks for and calls back.
func (x *exchange) work(fault Fault) {
	life := x.proc.life
	if x.pause() != nil {
		return
	}
	result := x.result(fault)
	if life.Err() != nil || fault.kind == hangAfter || x.faults.has(callbackLost) {
		return
	}
	if sleep(life, x.faults[callbackLate].delay) != nil {
		return
	}
	if x.faults.has(garbage) {
		result = garbageBody
	}
	back := callback{
		net: x.net, url: x.req.Header.Get("callbackurl"), taskID: x.req.Header.Get("taskuuid"), faults: x.faults,
		sent: func() { x.ledger.change(x.rec, func(r *Request) { r.Callbacks++ }) },
	}
	back.deliver(life, result)
	if x.faults.has(callbackTwice) {
		back.deliver(life, result)
	}
}

// result is what the work of an asynchronous call results in.
func (x *exchange) result(fault Fault) []byte {
	switch fault.kind {
	case agentError:
		return agent.Failure(fault.text)
	case agentBroken:
		return []byte("Traceback (most recent call last):\n  File \"http.py\", line 1, in index\nException: broken\n")
	}
	return x.execute()
}
