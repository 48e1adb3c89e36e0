package bench

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/bench/agent"
	"github.com/zbsclient/zbsclient/bench/client"
)

// BenchmarkWrites clones volumes, which must not run twice. The MDS are healthy, or
// execute and then reset the connection, or execute and then answer 503.
func BenchmarkWrites(b *testing.B) {
	agents := newCluster(b, 3)
	for _, fault := range []struct {
		name string
		kind agent.Kind
	}{{"healthy", agent.Healthy}, {"reset", agent.RunAndReset}, {"503", agent.RunAnd503}} {
		agents.set(agent.Mode{Kind: fault.kind})
		for _, kind := range client.Survivors() {
			calls := 300
			if kind.Name == client.Ours {
				calls = 10_000
			}
			agents.reset()
			made, good := write(b, kind, agents, calls)
			executions, duplicates := agents.executions()
			row(b, fault.name+"/"+kind.Name, map[string]float64{
				"calls":      float64(made),
				"success-%":  percent(good, made),
				"executions": float64(executions),
				"duplicates": float64(duplicates),
			})
		}
	}
}

// write makes as many calls as there is time for, each with a volume of its own.
func write(b *testing.B, kind client.Kind, agents cluster, calls int) (made, good int) {
	const workers, budget = 4, 20 * time.Second
	c := connect(b, kind, agents.addrs())
	defer c.Close()
	var succeeded atomic.Int64
	made, _ = crew(workers, calls, budget, func(i int) {
		ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
		defer cancel()
		if c.Write(ctx, fmt.Sprintf("clone-%d", i)) == nil {
			succeeded.Add(1)
		}
	})
	return made, int(succeeded.Load())
}
