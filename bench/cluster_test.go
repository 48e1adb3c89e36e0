package bench

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/bench/agent"
	"github.com/zbsclient/zbsclient/bench/client"
)

// cluster holds the agents that a table is measured against.
type cluster []*agent.Agent

func newCluster(b *testing.B, n int) cluster {
	b.Helper()
	return agent.StartAll(b, n)
}

func (c cluster) addrs() []string { return agent.Addrs(c) }

// set makes all agents behave as m says.
func (c cluster) set(m agent.Mode) {
	for _, a := range c {
		a.Set(m)
	}
}

func (c cluster) reset() {
	for _, a := range c {
		a.Reset()
	}
}

func (c cluster) requests() (n int) {
	for _, a := range c {
		n += a.Counts().Requests
	}
	return n
}

// executions counts the executions, and how many of them were not the first one of
// their call.
func (c cluster) executions() (all, duplicates int) {
	calls := make(map[string]bool)
	for _, a := range c {
		for volume, n := range a.Executions() {
			all += n
			calls[volume] = true
		}
	}
	return all, all - len(calls)
}

// callTimeout bounds each call: a client that waits longer for an MDS has failed.
const callTimeout = 10 * time.Second

func connect(b *testing.B, kind client.Kind, addrs []string) client.Client {
	b.Helper()
	return connectWithin(b, kind, addrs, client.DefaultAttemptTimeout)
}

func connectWithin(b *testing.B, kind client.Kind, addrs []string, attemptTimeout time.Duration) client.Client {
	b.Helper()
	c, err := kind.New(addrs, attemptTimeout)
	if err != nil {
		b.Fatal(err)
	}
	return c
}

// read makes a call and returns how long it took.
func read(c client.Client) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	start := time.Now()
	_, err := c.Read(ctx)
	return time.Since(start), err
}

// mustRead makes a call that must succeed, for healthy clusters.
func mustRead(b *testing.B, c client.Client) time.Duration {
	took, err := read(c)
	if err != nil {
		b.Error(err)
	}
	return took
}

// crew has workers make calls, as many as there is time for. It returns how many
// calls were made and how long that took.
func crew(workers, calls int, budget time.Duration, call func(i int)) (int, time.Duration) {
	var next, made atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for range workers {
		wg.Go(func() {
			for time.Since(start) < budget {
				i := int(next.Add(1)) - 1
				if i >= calls {
					return
				}
				call(i)
				made.Add(1)
			}
		})
	}
	wg.Wait()
	return int(made.Load()), time.Since(start)
}
