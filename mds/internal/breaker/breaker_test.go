package breaker_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/mds/internal/breaker"
)

// The states follow the reports and the pause, and each change is told once.
func TestStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var changes [][2]breaker.State
		b := breaker.New(2, time.Second, func(from, to breaker.State) { changes = append(changes, [2]breaker.State{from, to}) })
		for _, step := range []struct {
			name       string
			do         func()
			state      breaker.State
			healthy    bool
			recoveries int64
		}{
			{"new", func() {}, breaker.Closed, true, 0},
			{"a success", b.Success, breaker.Closed, true, 0},
			{"a failure", b.Failure, breaker.Closed, false, 0},
			{"a success in between", b.Success, breaker.Closed, true, 1},
			{"a failure again", b.Failure, breaker.Closed, false, 1},
			{"the second in a row", b.Failure, breaker.Open, false, 1},
			{"a late success", b.Success, breaker.Closed, true, 2},
			{"two failures", func() { b.Failure(); b.Failure() }, breaker.Open, false, 2},
			{"the pause", func() { time.Sleep(time.Second + 1) }, breaker.HalfOpen, false, 2},
			{"it fails again", b.Failure, breaker.Open, false, 2},
			{"another pause", func() { time.Sleep(time.Second + 1) }, breaker.HalfOpen, false, 2},
			{"it is back", b.Success, breaker.Closed, true, 3},
		} {
			step.do()
			if b.State() != step.state || b.Healthy() != step.healthy || b.Recoveries() != step.recoveries {
				t.Errorf("%s: %v, healthy %t, %d recoveries; want %v, %t, %d", step.name,
					b.State(), b.Healthy(), b.Recoveries(), step.state, step.healthy, step.recoveries)
			}
		}
		want := [][2]breaker.State{
			{breaker.Closed, breaker.Open}, {breaker.Open, breaker.Closed},
			{breaker.Closed, breaker.Open}, {breaker.Open, breaker.HalfOpen},
			{breaker.HalfOpen, breaker.Open}, {breaker.Open, breaker.HalfOpen}, {breaker.HalfOpen, breaker.Closed},
		}
		if !slices.Equal(changes, want) {
			t.Errorf("changes %v, want %v", changes, want)
		}
	})
}
