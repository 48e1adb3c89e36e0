package mds

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/zbsclient/zbsclient/mds/internal/histogram"
	"github.com/zbsclient/zbsclient/mds/internal/notify"
	"github.com/zbsclient/zbsclient/zbs"
)

// A quantile is at least the true one, and too much by an eighth at the most.
func TestQuantiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		times := rapid.SliceOfN(rapid.Int64Range(int64(10*time.Microsecond), int64(time.Minute)), 1, 50).Draw(t, "times")
		var live histogram.Live
		var longest, sum time.Duration
		for _, d := range times {
			live.Observe(time.Duration(d))
			longest = max(longest, time.Duration(d))
			sum += time.Duration(d)
		}
		h := histogramOf(&live)
		if h.Count != uint64(len(times)) || h.Sum != sum {
			t.Fatalf("%d durations of %v, want %d of %v", h.Count, h.Sum, len(times), sum)
		}
		if got := h.Quantile(1); got < longest || got > longest+longest/8+time.Microsecond {
			t.Fatalf("the longest is %v, not %v", longest, got)
		}
		q := rapid.Float64Range(0, 1).Draw(t, "q")
		atMost := 0
		for _, d := range times {
			if time.Duration(d) <= h.Quantile(q) {
				atMost++
			}
		}
		if float64(atMost) < q*float64(len(times))-1e-9 {
			t.Fatalf("%d of %d are within the quantile %v", atMost, len(times), q)
		}
		both := h.plus(h)
		if both.Count != 2*h.Count || both.Quantile(q) != h.Quantile(q) || both.AtMost(histogram.Longest+1) != both.Count {
			t.Fatalf("twice the same: %d", both.Count)
		}
	})
	if (Histogram{}).Quantile(0.5) != 0 || (Histogram{}).AtMost(time.Hour) != 0 {
		t.Error("the zero Histogram is not empty")
	}
}

// What counting adds to an attempt: see README.
func BenchmarkCounters(b *testing.B) {
	common := &shared{cfg: defaultConfig()}
	addr := zbs.Addr{Host: "mds-a", Port: zbs.AgentPort}
	events := &notify.Queue[BreakerEvent]{}
	s := newServer(addr, common, events)
	others := []*server{newServer(addr, common, events), newServer(addr, common, events)}
	c := &Caller{}
	a := &attempt{server: s, served: 300 * time.Microsecond}
	e := zbs.EndpointVolumeClients
	k := &call{op: op{endpoint: e}}
	count := func() {
		s.inFlight.Add(1)
		s.tally(e.Name).attempts.Add(1)
		k.count(a)
		s.inFlight.Add(-1)
		for _, other := range others {
			other.tally(e.Name).skipped[NotNeeded].Add(1)
		}
		c.calls.Get(e.Name).count(nil)
	}
	b.ReportAllocs()
	for b.Loop() {
		count()
	}
}
