package guard

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
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

// busyLimit is how long the questions of all rounds under way may take one MDS by
// the Load: half of a span. When very many volumes are checked at once, rounds
// wait before they begin; within a round there is no time to wait.
const busyLimit = int64(proof.DefaultSpan / 2)

// admission lets rounds begin as far as there is time for their questions.
type admission struct {
	busy *semaphore.Weighted // of busyLimit

	mu    sync.Mutex       // guards asked
	asked map[zbs.Path]int // how many rounds under way ask about a volume
}

func newAdmission() *admission {
	return &admission{busy: semaphore.NewWeighted(busyLimit), asked: make(map[zbs.Path]int)}
}

// enter waits until a round about the volume, or about many for the zero Path,
// may begin, and returns how it leaves. A round that asks the same as one under way
// takes next to nothing: they share the answers.
func (a *admission) enter(ctx context.Context, volume zbs.Path, weight int64) (leave func(), err error) {
	a.mu.Lock()
	if volume != (zbs.Path{}) && a.asked[volume] > 0 {
		weight = 1
	}
	a.asked[volume]++
	a.mu.Unlock()
	left := func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.asked[volume]--; a.asked[volume] == 0 {
			delete(a.asked, volume)
		}
	}
	if err := a.busy.Acquire(ctx, weight); err != nil {
		left()
		return nil, err
	}
	return func() {
		a.busy.Release(weight)
		left()
	}, nil
}

// weight is what a round takes of busyLimit that asks each MDS so many questions.
func (l Load) weight(questions int, span time.Duration) int64 {
	spans := float64(questions) * l.every().Seconds() / span.Seconds()
	return min(int64(spans*float64(proof.DefaultSpan)), busyLimit)
}

// burst is how many questions may come at once after a pause: those of a check,
// which then waits for nothing.
const burst = 10

// pacer spaces the questions to one MDS.
type pacer struct {
	mu   sync.Mutex // guards next
	next time.Time
}

// wait waits for the turn of a question. It reports false, and takes no turn,
// when that comes after the deadline or ctx ends.
func (p *pacer) wait(ctx context.Context, every time.Duration, deadline time.Time) bool {
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
