package mds

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/zbsclient/zbsclient/zbs"
)

// ErrDryRun: the call changes something, and DryRun kept it from being sent.
var ErrDryRun = errors.New("dry run, not sent")

// describe fills into with what the best candidate would get. It asks no agent what it
// can do; the error says when it is known that this one cannot do it.
func describe(candidates []*server, o op, into *Request) error {
	if len(candidates) == 0 {
		return &CallError{Op: o.endpoint.Name, state: exhausted}
	}
	s := candidates[best(candidates)]
	command, err := o.command, error(nil)
	known := s.recall().Capabilities
	if _, more := zbs.NextFor(command, o.endpoint, known); !more {
		if command, err = zbs.Suit(command, o.endpoint, known); err != nil {
			return fmt.Errorf("%s: %s: %w", o.endpoint.Name, s.addr, err)
		}
	}
	body, err := s.envelope().Encode(zbs.Redacted(command))
	if err != nil {
		return fmt.Errorf("%s: %w", o.endpoint.Name, err)
	}
	*into = Request{MDS: s.addr, Method: http.MethodPost, URL: s.addr.URL(o.endpoint), Body: body}
	return fmt.Errorf("%s: %w", o.endpoint.Name, ErrDryRun)
}
