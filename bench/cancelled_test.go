package bench

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/bench/agent"
	"github.com/zbsclient/zbsclient/bench/client"
)

// BenchmarkCancelled cancels 50 calls before healthy MDS can answer, and then makes 5
// calls at once. A client that counts the cancelled calls as failures of the MDS makes
// these fail.
func BenchmarkCancelled(b *testing.B) {
	agents := newCluster(b, 3)
	agents.set(agent.Mode{Service: 50 * time.Millisecond})
	for _, kind := range append(client.Survivors(), client.Baseline()) {
		c := connect(b, kind, agents.addrs())
		for range 50 {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
			if _, err := c.Read(ctx); err == nil {
				b.Error("answered before the service time")
			}
			cancel()
		}
		var good atomic.Int64
		crew(5, 5, time.Minute, func(int) {
			if _, err := read(c); err == nil {
				good.Add(1)
			}
		})
		metrics := map[string]float64{"of-5": float64(good.Load())}
		if open, ok := client.OpenBreakers(c); ok {
			metrics["open-breakers"] = float64(open)
		}
		c.Close()
		row(b, kind.Name, metrics)
	}
}
