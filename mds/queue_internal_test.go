package mds

import (
	"context"
	"testing"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/zbsclient/zbsclient/mds/internal/notify"
	"github.com/zbsclient/zbsclient/zbs"
)

// An attempt that is withdrawn when its turn has just come gets no place all the
// same.
func TestWithdrawnGetsNoPlace(t *testing.T) {
	cfg := defaultConfig()
	s := newServer(zbs.Addr{Host: "mds-a", Port: zbs.AgentPort}, &shared{cfg: cfg}, &notify.Queue[BreakerEvent]{})
	s.report(unhealthy) // so that the attempt with a place looks for a better MDS
	places := semaphore.NewWeighted(1)
	places.Acquire(t.Context(), 1)
	at := newAttempt(context.Background(), s, time.Minute)
	defer at.end()
	rivals := &call{}
	at.rivals = rivals
	got := make(chan error, 1)
	go func() { got <- at.wait(at.ctx, places) }()
	for at.progress.state() != queued {
		time.Sleep(time.Millisecond)
	}
	rivals.mu.Lock() // as when its hedge delay ends
	places.Release(1)
	time.Sleep(20 * time.Millisecond) // its turn comes, and it waits for the mutex
	if !at.withdraw() {
		t.Error("it was in the queue and could not be withdrawn")
	}
	rivals.mu.Unlock()
	if err := <-got; err == nil {
		t.Error("it was withdrawn and goes on")
	}
	if !places.TryAcquire(1) {
		t.Error("it keeps its place")
	}
}

// An answer that comes too late says that its MDS is not slow.
func TestLateAnswerIsNotSlow(t *testing.T) {
	a := &attempt{discard: slow}
	if a.loses(); a.outcome != lost || a.health() != neutral {
		t.Errorf("outcome %d, health %d", a.outcome, a.health())
	}
}
