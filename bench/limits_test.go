package bench

import (
	"errors"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/bench/agent"
	"github.com/zbsclient/zbsclient/bench/client"
)

// BenchmarkAgentLimits makes 200 calls at once to one agent that has the threads and
// the backlog of a real one.
func BenchmarkAgentLimits(b *testing.B) {
	const repetitions = 3
	agents := newCluster(b, 1)
	kinds := append(client.Survivors(), client.Baseline(), client.FreshTransport())
	rushes := make(map[string][]rush)
	for range repetitions {
		for _, kind := range kinds {
			rushes[kind.Name] = append(rushes[kind.Name], measureRush(b, kind, agents))
		}
	}
	for _, kind := range kinds {
		var wall, stall []float64
		var sum rush
		for _, r := range rushes[kind.Name] {
			wall, stall = append(wall, r.wall), append(stall, r.stall)
			sum.failed += r.failed
			sum.resets += r.resets
			sum.silent += r.silent
			sum.connections = max(sum.connections, r.connections)
		}
		row(b, kind.Name, map[string]float64{
			"wall-x-ideal":  median(wall),
			"stall-x-ideal": median(stall),
			"failed":        float64(sum.failed),
			"resets":        float64(sum.resets),
			"silent":        float64(sum.silent),
			"connections":   float64(sum.connections),
		})
	}
}

// settle is how long a connect takes to try again after a full backlog. A connection
// that the client no longer needs arrives only then, and stays silent.
const settle = 1500 * time.Millisecond

// rush holds what 200 calls at once measured.
type rush struct {
	wall, stall                         float64 // of all and of the slowest call, over the ideal
	failed, resets, silent, connections int
}

func measureRush(b *testing.B, kind client.Kind, agents cluster) (r rush) {
	const callers, service = 200, 10 * time.Millisecond
	const ideal = callers * service / client.Connections
	agents.set(agent.Mode{}) // closes connections that the previous client left open
	agents.set(agent.Mode{Kind: agent.Limited, Service: service})
	agents.reset()
	c := connect(b, kind, agents.addrs())
	defer c.Close()
	var mu sync.Mutex
	var longest time.Duration
	_, wall := crew(callers, callers, time.Minute, func(int) {
		took, err := read(c)
		mu.Lock()
		defer mu.Unlock()
		longest = max(longest, took)
		if err != nil {
			r.failed++
		}
		if errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
			r.resets++
		}
	})
	time.Sleep(settle)
	counts := agents[0].Counts()
	r.wall, r.stall = float64(wall)/float64(ideal), float64(longest)/float64(ideal)
	r.resets += counts.Resets
	r.silent, r.connections = counts.Silent, counts.MostOpen
	return r
}
