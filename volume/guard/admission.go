package guard

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

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
