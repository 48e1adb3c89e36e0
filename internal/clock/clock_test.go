//go:build linux

package clock_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/internal/clock"
)

func TestElapsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := clock.Now()
		if began.IsZero() || !(clock.Instant{}).IsZero() {
			t.Error("now is no moment, or the zero Instant is one")
		}
		time.Sleep(time.Minute)
		if got := began.Elapsed(); got != time.Minute {
			t.Errorf("%v have passed, want 1m0s by the monotonic clock", got)
		}
		for _, d := range []time.Duration{time.Second, -time.Second} {
			if got, want := began.Add(d).Elapsed(), time.Minute-d; got != want {
				t.Errorf("%v later: %v, want %v", d, got, want)
			}
		}
	})
}

func TestElapsedCountsSuspend(t *testing.T) {
	began := clock.Now()
	undo := clock.Suspend(time.Hour)
	if got := began.Elapsed(); got < time.Hour || got > time.Hour+time.Minute {
		t.Errorf("%v have passed, want an hour of suspend", got)
	}
	if got := began.Add(40 * time.Minute).Elapsed(); got < 20*time.Minute || got > 21*time.Minute {
		t.Errorf("%v since 40 minutes after it, want 20m0s", got)
	}
	if got := clock.Now().Elapsed(); got > time.Minute {
		t.Errorf("%v since the suspend, want none of it", got)
	}
	undo()
	if got := began.Elapsed(); got > time.Minute {
		t.Errorf("%v have passed after the suspend was undone", got)
	}
}
