package bench

import (
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/bench/agent"
	"github.com/zbsclient/zbsclient/bench/client"
)

// BenchmarkRefused closes the port of the first MDS, so connects are refused.
func BenchmarkRefused(b *testing.B) {
	agents := newCluster(b, 4)
	agents[3].Set(agent.Mode{Kind: agent.Refuse})
	healthy, refused := agents[:3], cluster{agents[3], agents[1], agents[2]}
	for _, kind := range client.Survivors() {
		first := firstCalls(b, kind, refused, 21, 5*time.Second)
		metrics := map[string]float64{"first-ms": milliseconds(median(first))}
		compareRefused(b, kind, healthy, refused, metrics)
		row(b, kind.Name, metrics)
	}
}

// firstCalls measures the first call of several fresh clients, at least one.
func firstCalls(b *testing.B, kind client.Kind, agents cluster, clients int, budget time.Duration) (took []time.Duration) {
	for start := time.Now(); len(took) == 0 || len(took) < clients && time.Since(start) < budget; {
		c := connect(b, kind, agents.addrs())
		first, _ := read(c)
		c.Close()
		took = append(took, first)
	}
	return took
}

// compareRefused makes 10,000 calls, or as many as there is time for. Its blocks
// alternate with blocks of calls to a healthy cluster.
func compareRefused(b *testing.B, kind client.Kind, healthy, refused cluster, metrics map[string]float64) {
	const calls, block, budget = 10_000, 100, 20 * time.Second
	well, unwell := connect(b, kind, healthy.addrs()), connect(b, kind, refused.addrs())
	defer well.Close()
	defer unwell.Close()
	var wellTook, unwellTook []time.Duration
	good := 0
	for start := time.Now(); len(unwellTook) < calls && time.Since(start) < budget; {
		for range block {
			wellTook = append(wellTook, mustRead(b, well))
		}
		crew(1, block, budget-time.Since(start), func(int) {
			took, err := read(unwell)
			if err == nil {
				good++
			}
			unwellTook = append(unwellTook, took)
		})
	}
	metrics["p99-ms"] = milliseconds(quantile(unwellTook, 0.99))
	metrics["p99-x-healthy"] = float64(quantile(unwellTook, 0.99)) / float64(quantile(wellTook, 0.99))
	metrics["success-%"] = percent(good, len(unwellTook))
	metrics["calls"] = float64(len(unwellTook))
}
