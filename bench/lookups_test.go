package bench

import (
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/bench/agent"
	"github.com/zbsclient/zbsclient/bench/client"
)

// A run of look-ups, in blocks that alternate with another run's.
const (
	lookupWorkers = 64
	lookupBlocks  = 10
	lookupBlock   = 1000
	lookups       = lookupBlocks * lookupBlock
)

// BenchmarkLookups makes 10,000 look-ups with 64 workers, and the same while the
// first MDS hangs.
func BenchmarkLookups(b *testing.B) {
	agents := newCluster(b, 4)
	agents.set(agent.Mode{Service: time.Millisecond})
	healthy, hung := agents[:3], cluster{agents[3], agents[1], agents[2]}
	agents[3].Set(agent.Mode{Kind: agent.Hang})

	kinds := append(client.Survivors(), client.Baseline())
	costs := sideBySide(b, kinds, healthy.addrs(), lookupBlocks, func(c client.Client) float64 {
		_, took := crew(lookupWorkers, lookupBlock, time.Minute, func(int) { mustRead(b, c) })
		return took.Seconds()
	})
	for _, kind := range kinds {
		seconds := costs[kind.Name].values
		metrics := map[string]float64{
			"s":     median(seconds) * lookupBlocks,
			"x-raw": median(ratios(seconds, costs[client.Raw].values)),
		}
		if kind.Name != client.Raw {
			metrics["ms-more-hung"], metrics["calls"] = costOfHang(b, kind, hung)
		}
		row(b, kind.Name, metrics)
	}
}

// costOfHang returns how many milliseconds longer the look-ups take with a hung MDS in
// front of the healthy ones than with the healthy ones alone. It also returns how many
// look-ups there was time for. It is the median of five repetitions, or of as many as
// fit into the budget.
func costOfHang(b *testing.B, kind client.Kind, hung cluster) (more, calls float64) {
	const repetitions, budget = 5, 15 * time.Second
	var extra, made []float64
	for start := time.Now(); len(extra) == 0 || len(extra) < repetitions && time.Since(start) < 2*budget; {
		n, ms := hangOnce(b, kind, hung, budget)
		extra, made = append(extra, ms), append(made, float64(n))
	}
	return median(extra), median(made)
}

// hangOnce makes both runs with fresh clients. If the time is up before all look-ups
// are made, it compares those that were made.
func hangOnce(b *testing.B, kind client.Kind, hung cluster, budget time.Duration) (int, float64) {
	well, unwell := connect(b, kind, hung[1:].addrs()), connect(b, kind, hung.addrs())
	defer well.Close()
	defer unwell.Close()
	var wellTook, unwellTook time.Duration
	made := 0
	for made < lookups && unwellTook < budget {
		n, took := crew(lookupWorkers, lookupBlock, budget-unwellTook, func(int) { read(unwell) })
		made, unwellTook = made+n, unwellTook+took
		_, took = crew(lookupWorkers, n, time.Minute, func(int) { read(well) })
		wellTook += took
	}
	return made, milliseconds(unwellTook - wellTook)
}
