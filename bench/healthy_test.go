package bench

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/bench/client"
)

// BenchmarkHealthy makes one call at a time. All processes share one core, so the
// time of a call is what both sides spend on it.
func BenchmarkHealthy(b *testing.B) {
	const rounds, calls = 40, 500
	kinds := append(client.Survivors(), client.Baseline(), client.FreshTransport())
	costs := sideBySide(b, kinds, newCluster(b, 3).addrs(), rounds, func(c client.Client) float64 {
		start := time.Now()
		for range calls {
			if _, err := c.Read(context.Background()); err != nil {
				b.Fatal(err)
			}
		}
		return float64(time.Since(start).Nanoseconds()) / calls
	})
	raw := costs[client.Raw]
	for _, kind := range kinds {
		cost := costs[kind.Name]
		row(b, kind.Name, map[string]float64{
			"ns/op":           median(cost.values),
			"x-raw":           median(ratios(cost.values, raw.values)),
			"allocs/call":     median(cost.allocs) / calls,
			"allocs-over-raw": (median(cost.allocs) - median(raw.allocs)) / calls,
		})
	}
}

// BenchmarkThroughput has 64 goroutines call as fast as they can.
func BenchmarkThroughput(b *testing.B) {
	const rounds, workers, calls = 20, 64, 2000
	kinds := append(client.Survivors(), client.Baseline())
	costs := sideBySide(b, kinds, newCluster(b, 3).addrs(), rounds, func(c client.Client) float64 {
		_, took := crew(workers, calls, time.Minute, func(int) { mustRead(b, c) })
		return calls / took.Seconds()
	})
	for _, kind := range kinds {
		row(b, kind.Name, map[string]float64{
			"ops/s": median(costs[kind.Name].values),
			"x-raw": median(ratios(costs[kind.Name].values, costs[client.Raw].values)),
		})
	}
}

// cost holds what was measured of a client, one value for each round.
type cost struct{ values, allocs []float64 }

// sideBySide measures the clients in small blocks, one after the other. Each round
// begins with a different client, so a disturbance of the machine affects all clients
// alike.
func sideBySide(b *testing.B, kinds []client.Kind, addrs []string, rounds int, block func(client.Client) float64) map[string]*cost {
	clients, costs := make([]client.Client, len(kinds)), make(map[string]*cost)
	for i, kind := range kinds {
		clients[i] = connect(b, kind, addrs)
		defer clients[i].Close()
		costs[kind.Name] = &cost{}
		block(clients[i]) // opens connections and fills pools
	}
	var before, after runtime.MemStats
	for round := range rounds {
		for i := range kinds {
			i = (i + round) % len(kinds)
			runtime.ReadMemStats(&before)
			value := block(clients[i])
			runtime.ReadMemStats(&after)
			c := costs[kinds[i].Name]
			c.values = append(c.values, value)
			c.allocs = append(c.allocs, float64(after.Mallocs-before.Mallocs))
		}
	}
	return costs
}
