package mds

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/zbsclient/zbsclient/zbs"
)

// ErrOldAgent: the agent is of 5.4.0 or older and cannot be talked to safely.
// Sent the commands of newer ones it can answer success without doing anything,
// or act on a volume called "None".
var ErrOldAgent = errors.New("agent too old")

var factsOp = op{
	endpoint: zbs.EndpointFacts,
	command:  zbs.GetFacts{},
	decode:   func(body []byte) (any, error) { return zbs.DecodeAnswer[zbs.Facts](body) },
}

// understands reports whether the agent reads the command as it is meant. One
// that is not known to do so is asked for facts first: old agents have no such
// endpoint. The result is that of the attempt otherwise.
func (c *Caller) understands(ctx context.Context, t *try, o op) (result, bool) {
	n := t.node
	if n.modern.Load() || !o.endpoint.MisreadBefore55() {
		return result{}, true
	}
	r := c.askAsync(ctx, t, factsOp)
	if n.learnGeneration(r) {
		return result{}, true
	}
	if isNotFound(r.Err) {
		r.Err = fmt.Errorf("%w: %w", ErrOldAgent, r.Err)
	} else {
		r.Err = fmt.Errorf("facts: %w", r.Err)
	}
	r.Sent, r.task = false, "" // of the command itself nothing was
	return r, false
}

// learnGeneration takes from an answer to facts that the agent knows them. What
// was learned holds: agents are not replaced by older ones.
func (n *node) learnGeneration(r result) bool {
	n.learnDropping(r)
	if r.outcome == answered || r.outcome == denied {
		n.modern.Store(true)
		return true
	}
	return false
}

// learnDropping takes from an answer to facts that the agent drops repeated tasks.
func (n *node) learnDropping(r result) {
	if facts, ok := r.answer.(zbs.Facts); ok && facts.UUID != "" {
		n.dropsRepeated.Store(true)
	}
}

func isNotFound(err error) bool {
	status, ok := errors.AsType[*StatusError](err)
	return ok && status.Status == http.StatusNotFound
}
