package mds

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/zbsclient/zbsclient/zbs"
)

// ErrDryRun: the call changes something, and DryRun kept it from being sent.
var ErrDryRun = errors.New("dry run, not sent")

// Request is what a call would have sent.
type Request struct {
	MDS    zbs.Addr // who would be asked first
	Method string   // of HTTP
	URL    string
	Body   []byte // JSON; a password in it is ***
}

// DryRun fills into with the request of a call that changes something, and makes
// it return ErrDryRun instead of sending it. Reads are sent as ever, so that an
// operation of several calls gets as far as its change. An invalid command and a
// call without candidates fail as they would otherwise, and into stays as it is.
func DryRun(into *Request) CallOption { return func(c *callConfig) { c.dryRun = into } }

// describe fills the call's Request with what the first candidate would get.
func (c *Caller) describe(o op, cc *callConfig) error {
	nodes := c.route(cc)
	if len(nodes) == 0 {
		return &WalkError{Op: o.endpoint.Name, exhausted: true}
	}
	first := nodes[best(nodes)]
	addr, command := first.addr, o.command
	if suited, err := zbs.Suit(command, o.endpoint, first.agent.recall().Capabilities); err == nil {
		command = suited
	}
	body, err := c.envelope(addr).Encode(zbs.Redacted(command))
	if err != nil {
		return fmt.Errorf("%s: %w", o.endpoint.Name, err)
	}
	*cc.dryRun = Request{MDS: addr, Method: http.MethodPost, URL: addr.URL(o.endpoint), Body: body}
	return fmt.Errorf("%s: %w", o.endpoint.Name, ErrDryRun)
}
