package guard

import (
	"context"
	"sync"
	"time"
)

// Defaults of Load. An agent has 10 threads, runs a command of the storage for each
// query, and serves ZStack, too.
const (
	DefaultPerSecond = 100
	DefaultParallel  = 2
)

// Load bounds the queries of the checks of one Guard to each MDS. In each field zero
// means the default.
type Load struct {
	PerSecond int // queries per second, DefaultPerSecond; short bursts may be faster
	Parallel  int // queries of one check at a time, DefaultParallel; the Caller's connections bound them, too
}

func (l Load) withDefaults() Load {
	if l.PerSecond == 0 {
		l.PerSecond = DefaultPerSecond
	}
	if l.Parallel == 0 {
		l.Parallel = DefaultParallel
	}
	return l
}

func (l Load) every() time.Duration { return time.Second / time.Duration(l.PerSecond) }

// WithLoad bounds the load that checks put on each MDS. Checks of one Guard
// share the limit, so give it to New.
func WithLoad(load Load) CheckOption {
	return func(s *settings) error {
		if load.PerSecond < 0 || load.Parallel < 0 || load.PerSecond > int(time.Second) {
			return invalid("load of %d per second, %d at a time", load.PerSecond, load.Parallel)
		}
		s.load = load.withDefaults()
		return nil
	}
}

// burst is how many queries may come at once after a pause: as many as one check sends,
// so that it never waits.
const burst = 10

// limiter limits the rate of the queries to one MDS.
type limiter struct {
	mu   sync.Mutex // guards next
	next time.Time
}

// wait waits until a query may be sent. It returns false if that is after the deadline,
// or if ctx ends.
func (p *limiter) wait(ctx context.Context, every time.Duration, deadline time.Time) bool {
	p.mu.Lock()
	now := time.Now()
	turn := now.Add(-burst * every)
	if p.next.After(turn) {
		turn = p.next
	}
	turn = turn.Add(every)
	if !turn.Before(deadline) || !now.Before(deadline) {
		p.mu.Unlock()
		return false
	}
	p.next = turn
	p.mu.Unlock()
	return sleep(ctx, time.Until(turn)) == nil
}

// sleep waits for d or for the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
