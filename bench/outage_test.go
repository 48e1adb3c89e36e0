package bench

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/bench/agent"
	"github.com/zbsclient/zbsclient/bench/client"
)

// BenchmarkOutage measures, while no MDS answers, what 8 callers still send and how
// many MDS their errors name.
func BenchmarkOutage(b *testing.B) {
	agents := newCluster(b, 3)
	for _, fault := range []struct {
		name           string
		kind           agent.Kind
		attemptTimeout time.Duration
	}{
		{"503", agent.Unavailable, client.DefaultAttemptTimeout},
		{"hang", agent.Hang, 200 * time.Millisecond},
	} {
		agents.set(agent.Mode{Kind: fault.kind})
		for _, kind := range client.Survivors() {
			row(b, fault.name+"/"+kind.Name, measureOutage(b, kind, agents, fault.attemptTimeout))
		}
	}
}

func measureOutage(b *testing.B, kind client.Kind, agents cluster, attemptTimeout time.Duration) map[string]float64 {
	const callers, calls, budget = 8, 8 * 250, 15 * time.Second
	agents.reset()
	c := connectWithin(b, kind, agents.addrs(), attemptTimeout)
	defer c.Close()
	var fewest atomic.Int64
	fewest.Store(int64(len(agents)))
	made, _ := crew(callers, calls, budget, func(int) {
		ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
		defer cancel()
		_, err := c.Read(ctx)
		if err == nil {
			b.Error("answered in a total outage")
			return
		}
		lower(&fewest, named(err, agents))
	})
	return map[string]float64{
		"requests/call": float64(agents.requests()) / float64(made),
		"named":         float64(fewest.Load()),
		"calls":         float64(made),
	}
}

// named counts the MDS that the error's text names.
func named(err error, agents cluster) (n int64) {
	for _, addr := range agents.addrs() {
		if strings.Contains(err.Error(), addr) {
			n++
		}
	}
	return n
}

func lower(least *atomic.Int64, n int64) {
	for {
		old := least.Load()
		if n >= old || least.CompareAndSwap(old, n) {
			return
		}
	}
}
