package guard

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// busyLimit bounds the time that the queries of all open rounds take one MDS, by the
// Load: half of a span. When very many volumes are checked at once, rounds wait before
// they begin, because within a round there is no time to wait.
const busyLimit = int64(proof.DefaultSpan / 2)

// admission lets a round begin when there is time for its queries.
type admission struct {
	busy *semaphore.Weighted // of busyLimit

	mu    sync.Mutex       // guards asked
	asked map[zbs.Path]int // how many open rounds ask about a volume
}

func newAdmission() *admission {
	return &admission{busy: semaphore.NewWeighted(busyLimit), asked: make(map[zbs.Path]int)}
}

// enter waits until a round about the volume, or about many for the zero Path, may
// begin. The round calls leave at its end. A round about the volume of another open
// round weighs almost nothing, because the two share queries.
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

// weight is the part of busyLimit that a round takes with so many queries to each MDS.
func (l Load) weight(queries int, span time.Duration) int64 {
	spans := float64(queries) * l.every().Seconds() / span.Seconds()
	return min(int64(spans*float64(proof.DefaultSpan)), busyLimit)
}
