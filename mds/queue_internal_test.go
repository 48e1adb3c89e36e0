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
	n := newNode(zbs.Addr{Host: "mds-a", Port: zbs.AgentPort}, &cfg, &notify.Queue[BreakerEvent]{})
	n.breaker.report(unhealthy) // so that who gets a place looks for a better MDS
	places := semaphore.NewWeighted(1)
	places.Acquire(t.Context(), 1)
	at := newTry(context.Background(), n, time.Minute)
	defer at.end()
	at.walk = &walk{}
	got := make(chan error, 1)
	go func() { got <- at.wait(at.ctx, places) }()
	for at.queue.Load() != inQueue {
		time.Sleep(time.Millisecond)
	}
	at.walk.mu.Lock() // as when its stagger ends
	places.Release(1)
	time.Sleep(20 * time.Millisecond) // its turn comes, and it waits for the mutex
	if !at.withdraw() {
		t.Error("it was in the queue and could not be withdrawn")
	}
	at.walk.mu.Unlock()
	if err := <-got; err == nil {
		t.Error("it was withdrawn and goes on")
	}
	if !places.TryAcquire(1) {
		t.Error("it keeps its place")
	}
}

// An answer that comes too late says that its MDS is not slow.
func TestLateAnswerIsNotSlow(t *testing.T) {
	at := &try{lost: overtaken}
	r := result{}
	if at.judgeLoser(&r); r.outcome != outrun || r.health() != neutral {
		t.Errorf("outcome %d, health %d", r.outcome, r.health())
	}
}
