package bench

import (
	"context"
	"flag"
	"sync"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/bench/agent"
	"github.com/zbsclient/zbsclient/bench/client"
)

var (
	away    = flag.Duration("away", 2*time.Second, "how long the MDS of BenchmarkReturn is away; 30s is the full measurement")
	returns = flag.Int("returns", 10, "how often it returns; 50 is the full measurement")
)

// BenchmarkReturn takes the first MDS away and lets it return, while a call is made
// every millisecond. It measures how long the MDS takes to answer a call again.
func BenchmarkReturn(b *testing.B) {
	agents := newCluster(b, 3)
	for _, fault := range []struct {
		name string
		kind agent.Kind
	}{{"refuse", agent.Refuse}, {"hang", agent.Hang}, {"blackhole", agent.Blackhole}} {
		for _, kind := range client.Survivors() {
			repetitions := *returns
			if kind.Name != client.Ours {
				repetitions = min(3, repetitions) // the other clients pause for fixed times
			}
			var took []time.Duration
			missed := 0
			for range repetitions {
				d, returned := timeToReturn(b, kind, agents, fault.kind)
				took = append(took, d)
				if !returned {
					missed++
				}
			}
			row(b, fault.name+"/"+kind.Name, map[string]float64{
				"p50-ms":  milliseconds(median(took)),
				"p99-ms":  milliseconds(quantile(took, 0.99)),
				"max-ms":  milliseconds(quantile(took, 1)),
				"missed":  float64(missed),
				"returns": float64(repetitions),
			})
		}
	}
}

// timeToReturn returns the time from the MDS's return to its first answer to a call
// that began after the return. It also returns whether there was one within 5 s.
func timeToReturn(b *testing.B, kind client.Kind, agents cluster, fault agent.Kind) (time.Duration, bool) {
	const warmUp, longest = 200 * time.Millisecond, 5 * time.Second
	agents.set(agent.Mode{})
	c := connect(b, kind, agents.addrs())
	defer c.Close()
	t := startTraffic(c)
	defer t.stop()
	time.Sleep(warmUp)
	agents[0].Set(agent.Mode{Kind: fault})
	time.Sleep(*away)
	start := time.Now()
	answered := t.watch(start)
	agents[0].Set(agent.Mode{})
	select {
	case at := <-answered:
		return at.Sub(start), true
	case <-time.After(longest):
		return longest, false
	}
}

// traffic makes a call every millisecond, unless too many are in progress.
type traffic struct {
	cancel context.CancelFunc
	done   chan struct{}

	mu      sync.Mutex     // guards what follows
	since   time.Time      // calls that began before do not count
	watched chan time.Time // receives the time when the first MDS answers a call that counts
}

const mostUnderWay = 64

func startTraffic(c client.Client) *traffic {
	ctx, cancel := context.WithCancel(context.Background())
	t := &traffic{cancel: cancel, done: make(chan struct{})}
	go t.run(ctx, c)
	return t
}

func (t *traffic) run(ctx context.Context, c client.Client) {
	defer close(t.done)
	var calls sync.WaitGroup
	defer calls.Wait()
	underWay := make(chan struct{}, mostUnderWay)
	ticks := time.NewTicker(time.Millisecond)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		select {
		case underWay <- struct{}{}:
			calls.Go(func() {
				t.call(ctx, c)
				<-underWay
			})
		default: // too many are in progress
		}
	}
}

func (t *traffic) call(ctx context.Context, c client.Client) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	began := time.Now()
	answer, err := c.Read(ctx)
	if err != nil || answer.Clients[0].Port != 1 { // the port is the number of the agent that answered
		return
	}
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.watched != nil && began.After(t.since) {
		t.watched <- now
		t.watched = nil
	}
}

// watch returns a channel that receives the time of the first MDS's next answer to a
// call that began later than since.
func (t *traffic) watch(since time.Time) <-chan time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.since, t.watched = since, make(chan time.Time, 1)
	return t.watched
}

func (t *traffic) stop() {
	t.cancel()
	<-t.done
}
