package mds

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/zbsclient/zbsclient/zbs"
)

// Capabilities returns what is known of the agent of an MDS, without asking it. Nothing
// is known of an MDS that is not in the list, was not asked yet, or has not answered for
// a minute.
func (c *Caller) Capabilities(addr zbs.Addr) zbs.Capabilities {
	if s := c.cluster.find(addr); s != nil {
		return s.agent.Recall().Capabilities
	}
	return zbs.Capabilities{}
}

// Recognise finds out the generation of an MDS's agent, as far as one differs from
// another (zbs.Capabilities.Next). It sends a handful of small requests that no agent
// executes, and none for what is known. ctx bounds all of them; the attempt time-out, or
// Timeout, bounds each. Other options have no effect.
//
// An agent that is too old is no error. For an MDS that is not in the list the
// error is ErrNoCandidates; otherwise it is a *CallError.
func Recognise(ctx context.Context, c *Caller, addr zbs.Addr, opts ...CallOption) (zbs.Capabilities, error) {
	s := c.cluster.find(addr)
	if s == nil {
		return zbs.Capabilities{}, fmt.Errorf("recognise %s: %w", addr, ErrNoCandidates)
	}
	given := callConfig{timeout: c.shared.cfg.attemptTimeout}
	for _, opt := range opts {
		opt(&given)
	}
	for {
		have := s.agent.Recall().Capabilities
		e, more := have.Next()
		if !more {
			return have, nil
		}
		a := newAttempt(ctx, s, given.timeout)
		a.perform(markOp(e))
		s.report(a.health())
		if a.Err != nil {
			return have, &CallError{Op: "recognise", Attempts: []Attempt{a.Attempt}, state: exhausted}
		}
	}
}

// Supporting returns the MDS whose agents have the endpoint, in the order of the list.
// It asks the agents for which this is not known, all at once and for at most
// DefaultMostHedgeDelay; no agent runs anything for that (Recognise). An MDS that does not
// answer in time is left out. Only endpoints in which generations differ can be asked
// for (zbs.Capabilities).
func Supporting(ctx context.Context, c *Caller, e zbs.Endpoint) []zbs.Addr {
	var wg sync.WaitGroup
	for _, s := range c.cluster.servers {
		if !s.agent.Recall().Knows(e) {
			wg.Go(func() { newAttempt(ctx, s, DefaultMostHedgeDelay).perform(markOp(e)) })
		}
	}
	wg.Wait()
	return slices.DeleteFunc(c.Addrs(), func(addr zbs.Addr) bool { return !c.Capabilities(addr).Has(e) })
}
