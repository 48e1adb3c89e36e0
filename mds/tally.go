package mds

import (
	"sync/atomic"
	"time"

	"github.com/zbsclient/zbsclient/mds/internal/hedge"
	"github.com/zbsclient/zbsclient/mds/internal/histogram"
)

// tally counts what one endpoint at one MDS was asked and answered, and what
// else is kept by endpoint. Counting takes no lock and no memory.
type tally struct {
	attempts, probes atomic.Uint64
	ended            [lastOutcome + 1]atomic.Uint64
	skipped          [lastSkip + 1]atomic.Uint64
	usual            hedge.Latency
	latency          histogram.Live
	template         atomic.Pointer[template]
}

func (t *tally) snapshot() Counts {
	ended := func(o outcome) uint64 { return t.ended[o].Load() }
	skipped := func(r SkipReason) uint64 { return t.skipped[r].Load() }
	return Counts{
		Attempts:     t.attempts.Load(),
		Answered:     ended(answered),
		Refused:      ended(rejected) + ended(denied) + ended(unfit),
		Failed:       ended(unsent) + ended(faulted) + ended(timedOut) + ended(unrecognised),
		Slow:         ended(slow),
		Cancelled:    ended(cancelled) + ended(lost) + ended(withheld),
		Requeued:     ended(requeued),
		HealthChecks: t.probes.Load(),

		NotNeeded:           skipped(NotNeeded),
		SkippedBreaker:      skipped(BehindForBreaker),
		SkippedDisconnected: skipped(BehindForSession),
		SkippedBudget:       skipped(BudgetSpent),
		SkippedStopped:      skipped(CallEnded),

		Latency: histogramOf(&t.latency),
	}
}

// observe takes how an attempt or a health check ended, and what the MDS took for it.
func (t *tally) observe(o outcome, served time.Duration) {
	switch o {
	case answered, denied:
		t.usual.Observe(served)
		t.latency.Observe(served)
	case slow:
		t.usual.AtLeast(served)
	case lost:
		t.usual.AtLeastFirst(served)
	default: // says nothing about its speed
	}
}

// callTally counts the calls of one endpoint.
type callTally struct{ succeeded, failed atomic.Uint64 }

func (t *callTally) count(err error) {
	if err != nil {
		t.failed.Add(1)
	} else {
		t.succeeded.Add(1)
	}
}
