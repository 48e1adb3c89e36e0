package mds

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/zbsclient/zbsclient/zbs"
)

// Health is what Probe learned of one MDS.
type Health struct {
	Addr    zbs.Addr
	Err     error            // nil when it serves its cluster
	Can     zbs.Capabilities // what its agent can do, which tells its generation
	Cluster zbs.Facts        // as far as it said so
	Agent   zbs.PingReply    // what it answered to a ping
	Latency time.Duration    // of the echo, the shortest way to the agent and back
	Breaker Breaker          // after the probe
}

// Probe asks every MDS of the Caller, all at once, whether it is there (echo), which
// generation its agent has, which cluster it belongs to (facts) and whether it serves
// that cluster (ping). The results are in the order of the list. The Err of an MDS is a
// *CallError; it matches ErrAgentTooOld for an agent that must not be used. Probe changes
// nothing on the agents.
func Probe(ctx context.Context, c *Caller) []Health {
	healths := make([]Health, len(c.cluster.servers))
	var group errgroup.Group
	for i, s := range c.cluster.servers {
		group.Go(func() error {
			healths[i] = ProbeOne(ctx, c, s.addr)
			return nil
		})
	}
	group.Wait()
	return healths
}

// ProbeOne is Probe for one MDS of the list; for another address Err matches
// ErrNoCandidates. The options apply to each of its calls, but a Timeout bounds all of
// them together and a Target has no effect.
func ProbeOne(ctx context.Context, c *Caller, addr zbs.Addr, opts ...CallOption) Health {
	h := Health{Addr: addr}
	h.Err = h.probe(ctx, c, opts...)
	h.Breaker = c.Breaker(addr)
	return h
}

func (h *Health) probe(ctx context.Context, c *Caller, opts ...CallOption) (err error) {
	start := time.Now()
	options := h.options(start, opts)
	if _, err = Call(ctx, c, zbs.Echo{}, options()...); err != nil {
		return err
	}
	h.Latency = time.Since(start)
	h.Can, _ = Recognise(ctx, c, h.Addr, options()...) // an MDS that does not answer this does not answer facts
	if h.Cluster, err = Call(ctx, c, zbs.GetFacts{}, options()...); err != nil {
		return err
	}
	h.Agent, err = Call(ctx, c, zbs.Ping{Cluster: h.Cluster}, options()...)
	return err
}

// options returns a function for the options of the next call, which may take what the
// time-out has left. A context with a deadline would not do: its end counts as the
// caller's wish, and the breaker of a hung MDS would stay closed.
func (h *Health) options(start time.Time, opts []CallOption) func() []CallOption {
	var given callConfig
	for _, opt := range opts {
		opt(&given)
	}
	return func() []CallOption {
		next := append(slices.Clip(opts), Target(h.Addr))
		if given.timeout > 0 {
			left := (given.timeout - time.Since(start)).Round(time.Millisecond) // it stands in errors
			next = append(next, Timeout(max(left, time.Millisecond)))
		}
		return next
	}
}

// OneCluster returns the cluster of all MDS that answered, and false when none has. When
// they differ, the error wraps ErrWrongCluster and says which MDS named which cluster.
func OneCluster(healths []Health) (facts zbs.Facts, ok bool, err error) {
	var claims []string
	same := true
	for _, h := range healths {
		if h.Cluster.UUID == "" {
			continue
		}
		claims = append(claims, fmt.Sprintf("%s says %s", h.Addr, h.Cluster.UUID))
		if !ok {
			facts, ok = h.Cluster, true
		}
		same = same && h.Cluster.UUID == facts.UUID
	}
	if !same {
		return zbs.Facts{}, false, fmt.Errorf("%w: %s", ErrWrongCluster, strings.Join(claims, ", "))
	}
	return facts, ok, nil
}
