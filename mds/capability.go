package mds

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// Capabilities returns what is known of the agent of an MDS, without asking it. Nothing
// is known of an MDS that is not in the list, was not asked yet, or to which no
// connection is open: its agent may be another one by now.
func (c *Caller) Capabilities(addr zbs.Addr) zbs.Capabilities {
	if s := c.cluster.find(addr); s != nil {
		return s.recall().Capabilities
	}
	return zbs.Capabilities{}
}

// Recognise finds out the generation of an MDS's agent, as far as one differs from
// another (zbs.Capabilities.Next). It sends a handful of small requests that no agent
// executes, and none for what is known. ctx bounds all of them; the attempt time-out, or
// Timeout, bounds each. Other options have no effect.
//
// An agent that is too old is no error. For an MDS that is not in the list the
// error is ErrNoCandidates, and ErrClosed when the Caller is closed; otherwise it is a
// *CallError.
func Recognise(ctx context.Context, c *Caller, addr zbs.Addr, opts ...CallOption) (zbs.Capabilities, error) {
	s := c.cluster.find(addr)
	if s == nil {
		return zbs.Capabilities{}, fmt.Errorf("recognise %s: %w", addr, ErrNoCandidates)
	}
	if c.background.closed() {
		return zbs.Capabilities{}, fmt.Errorf("recognise %s: %w", addr, ErrClosed)
	}
	given := callConfig{timeout: c.shared.cfg.attemptTimeout}
	for _, opt := range opts {
		opt(&given)
	}
	for {
		have := s.recall().Capabilities
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
// It asks the agents for which this is not known, all at once and for at most half a
// second; no agent runs anything for that (Recognise). MDS that failed lately are asked
// only if none of the others has the endpoint, and for half of that time. An MDS that does not answer in time is left out,
// and so are all when the Caller is closed. Only endpoints in which generations differ
// can be asked for (zbs.Capabilities).
func Supporting(ctx context.Context, c *Caller, e zbs.Endpoint) []zbs.Addr {
	if c.background.closed() {
		return nil
	}
	var well, failed []*server
	for _, s := range c.cluster.servers {
		if s.breaker.Healthy() {
			well = append(well, s)
		} else {
			failed = append(failed, s)
		}
	}
	addrs := supporting(ctx, well, e, supportTimeout)
	if len(addrs) == 0 {
		addrs = supporting(ctx, failed, e, supportTimeout/2)
	}
	return addrs
}

// supporting asks the MDS that may have the endpoint; where that is known already, no
// request is sent.
func supporting(ctx context.Context, servers []*server, e zbs.Endpoint, timeout time.Duration) (addrs []zbs.Addr) {
	has := make([]bool, len(servers))
	var wg sync.WaitGroup
	for i, s := range servers {
		if known := s.recall(); known.Knows(e) {
			has[i] = known.Has(e)
			continue
		}
		wg.Go(func() {
			a := newAttempt(ctx, s, timeout)
			a.perform(markOp(e))
			s.report(a.health())
			has[i] = s.agent.Recall().Has(e)
		})
	}
	wg.Wait()
	for i, s := range servers {
		if has[i] {
			addrs = append(addrs, s.addr)
		}
	}
	return addrs
}

// supportTimeout bounds the question which MDS have an endpoint. An agent answers it at
// once unless all its threads are taken.
const supportTimeout = 500 * time.Millisecond
