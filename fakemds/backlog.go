package fakemds

import (
	"context"
	"sync"
	"time"
)

// backlog is the line of connects that the agent did not accept yet. Safe for
// concurrent use.
type backlog struct {
	size int // 0: no limit

	mu       sync.Mutex  // guards the field below
	arrivals []time.Time // of the connects of this instant
}

// enter takes a place in the backlog. When that overflows, the SYN of the connect is
// dropped and sent again after 1 s.
func (b *backlog) enter(ctx context.Context) error {
	for !b.hasRoom() {
		if err := sleep(ctx, time.Second); err != nil {
			return err
		}
	}
	return nil
}

func (b *backlog) hasRoom() bool {
	if b.size == 0 {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if len(b.arrivals) > 0 && now.Sub(b.arrivals[0]) > time.Millisecond {
		b.arrivals = nil
	}
	if len(b.arrivals) > b.size {
		return false
	}
	b.arrivals = append(b.arrivals, now)
	return true
}
