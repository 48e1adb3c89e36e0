package hedge_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/mds/internal/hedge"
)

const ms = time.Millisecond

func TestDelay(t *testing.T) {
	bounds := hedge.Bounds{Least: 10 * ms, Most: 250 * ms}
	for _, row := range []struct {
		name  string
		usual time.Duration
		peers []time.Duration
		want  time.Duration
	}{
		{"nothing is known", 0, []time.Duration{0, 0}, 20 * ms},
		{"four times the usual latency", 5 * ms, []time.Duration{5 * ms, 0}, 20 * ms},
		{"not less than the least", 1 * ms, []time.Duration{1 * ms}, 10 * ms},
		{"not more than the most", 90 * ms, []time.Duration{90 * ms}, 250 * ms},
		{"the quickest stands in for an unknown one", 0, []time.Duration{9 * ms, 0, 7 * ms}, 28 * ms},
		{"twice the quickest, beyond the most", 400 * ms, []time.Duration{400 * ms, 300 * ms}, 600 * ms},
		{"one latency alone sets no least", 400 * ms, []time.Duration{400 * ms, 0}, 250 * ms},
	} {
		var peers hedge.Peers
		for _, d := range row.peers {
			peers.Add(d)
		}
		if got := bounds.Delay(row.usual, peers); got != row.want {
			t.Errorf("%s: %v, want %v", row.name, got, row.want)
		}
	}
	if (hedge.Bounds{}).On() || !bounds.On() {
		t.Error("zero bounds turn hedging off, others do not")
	}
}

func TestLatencyRisesFasterThanItFalls(t *testing.T) {
	var l hedge.Latency
	for _, step := range []struct {
		name string
		do   func(time.Duration)
		d    time.Duration
		want time.Duration
	}{
		{"given up before anything is known", l.AtLeast, 80 * ms, 0},
		{"the first", l.Observe, 8 * ms, 8 * ms},
		{"half way up", l.Observe, 16 * ms, 12 * ms},
		{"an eighth of the way down", l.Observe, 4 * ms, 11 * ms},
		{"given up early says nothing", l.AtLeast, 2 * ms, 11 * ms},
		{"given up late", l.AtLeast, 31 * ms, 21 * ms},
		{"a stall", l.AtLeastFirst, 8021 * ms, 4021 * ms},
		{"and its end", l.Observe, 5 * ms, 20 * ms},
	} {
		if step.do(step.d); l.Usual() != step.want {
			t.Fatalf("%s: %v, want %v", step.name, l.Usual(), step.want)
		}
	}
	var first hedge.Latency
	if first.AtLeastFirst(7 * ms); first.Usual() != 7*ms {
		t.Errorf("an attempt that was given up came to %v as the first observation", first.Usual())
	}
}

func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := hedge.NewBudget(2, 0.5)
		for n := range 3 {
			if got := b.Take(); got != (n < 2) {
				t.Errorf("token %d of a budget of 2: %t", n+1, got)
			}
		}
		b.Earn()
		if b.Take() {
			t.Error("half a token was taken")
		}
		b.Earn()
		if !b.Take() {
			t.Error("two successes do not earn a token")
		}
		time.Sleep(10 * time.Second)
		if !b.Take() || b.Take() {
			t.Error("ten seconds do not earn one token")
		}
		b.Return()
		if got := b.Left(); got != 1 {
			t.Errorf("%v tokens left, want the one that was given back", got)
		}
		time.Sleep(time.Hour)
		if got := b.Left(); got != 2 {
			t.Errorf("%v tokens after an hour, want no more than it holds", got)
		}
		b.Return()
		b.Earn()
		if got := b.Left(); got != 2 {
			t.Errorf("%v tokens, want no more than it holds", got)
		}
	})
}
