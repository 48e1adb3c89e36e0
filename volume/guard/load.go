package guard

import (
	"context"
	"sync"
	"time"
)

// Defaults of Load. An agent runs a command of the storage per question, has
// 10 threads, and serves ZStack with them.
const (
	DefaultPerSecond = 100
	DefaultParallel  = 2
)

// Load bounds what the checks of one Guard ask of each MDS. In each field zero
// means the default.
type Load struct {
	PerSecond int // questions per second, DefaultPerSecond; as many may come at once as Parallel and a check need
	Parallel  int // questions at a time of one check, DefaultParallel; the Caller's connections bound them too
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

// burst is how many questions may come at once after a pause: those of a check,
// which then waits for nothing.
const burst = 10

// limiter spaces the questions to one MDS.
type limiter struct {
	mu   sync.Mutex // guards next
	next time.Time
}

// wait waits for the turn of a question. It reports false, and takes no turn,
// when that comes after the deadline or ctx ends.
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
