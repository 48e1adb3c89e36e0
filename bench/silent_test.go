package bench

import (
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/bench/agent"
	"github.com/zbsclient/zbsclient/bench/client"
)

// BenchmarkHung lets one MDS, or two, read requests and never answer.
func BenchmarkHung(b *testing.B) { benchmarkSilent(b, agent.Hang) }

// BenchmarkBlackholed lets one MDS, or two, drop every packet.
func BenchmarkBlackholed(b *testing.B) { benchmarkSilent(b, agent.Blackhole) }

func benchmarkSilent(b *testing.B, bad agent.Kind) {
	agents := newCluster(b, 3)
	for _, kind := range client.Survivors() {
		for _, placement := range []struct {
			name string
			bad  []int
		}{{"first", []int{0}}, {"second", []int{1}}, {"third", []int{2}}, {"two", []int{0, 1}}} {
			agents.set(agent.Mode{})
			for _, i := range placement.bad {
				agents[i].Set(agent.Mode{Kind: bad})
			}
			row(b, kind.Name+"/"+placement.name, measureSilent(b, kind, agents, len(placement.bad) == 1))
		}
	}
}

// measureSilent makes the first call of several fresh clients, at least one, and
// continues with the last of them.
func measureSilent(b *testing.B, kind client.Kind, agents cluster, goOn bool) map[string]float64 {
	const clients, calls, budget = 5, 200, 3 * time.Second
	var first, later []time.Duration
	all, good := 0, 0
	call := func(c client.Client) time.Duration {
		took, err := read(c)
		all++
		if err == nil {
			good++
		}
		return took
	}
	for start := time.Now(); len(first) == 0 || len(first) < clients && time.Since(start) < budget; {
		c := connect(b, kind, agents.addrs())
		defer c.Close()
		first = append(first, call(c))
		if last := len(first) == clients || time.Since(start) >= budget; last && goOn {
			crew(1, calls, budget, func(int) { later = append(later, call(c)) })
		}
	}
	metrics := map[string]float64{"first-ms": milliseconds(median(first)), "success-%": percent(good, all)}
	if goOn {
		metrics["p99-ms"], metrics["calls"] = milliseconds(quantile(later, 0.99)), float64(len(later))
	}
	return metrics
}
