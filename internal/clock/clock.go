// Package clock measures how much time has passed, the time that the machine was
// suspended included. The monotonic clock of package time stands still during a
// suspend, so by it a verdict from before the lid was closed looks fresh.
package clock

import (
	"sync/atomic"
	"time"
)

// Instant is a moment in the life of this process. The zero Instant is none. It
// is a comparable value.
type Instant struct {
	mono time.Time     // with the monotonic reading
	boot time.Duration // by the clock that counts suspend; 0 where there is none
}

// Now returns the present.
func Now() Instant { return Instant{time.Now(), boot()} }

// pretended is added to the clock that counts suspend.
var pretended atomic.Int64

// Suspend makes it look as if the machine had been suspended for d, until undo is
// called. It is meant for tests.
func Suspend(d time.Duration) (undo func()) {
	pretended.Add(int64(d))
	return func() { pretended.Add(-int64(d)) }
}

func boot() time.Duration {
	since := sinceBoot()
	if since == 0 {
		return 0
	}
	return since + time.Duration(pretended.Load())
}

// IsZero reports whether i is no moment.
func (i Instant) IsZero() bool { return i.mono.IsZero() }

// Add returns the moment d later, or earlier for a negative d.
func (i Instant) Add(d time.Duration) Instant {
	i.mono = i.mono.Add(d)
	if i.boot != 0 {
		i.boot += d
	}
	return i
}

// Elapsed returns how long ago i was: by the clock that counts suspend, but no
// less than by the monotonic one.
func (i Instant) Elapsed() time.Duration {
	elapsed := time.Since(i.mono)
	if now := boot(); i.boot != 0 && now != 0 {
		elapsed = max(elapsed, now-i.boot)
	}
	return elapsed
}
