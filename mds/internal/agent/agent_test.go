package agent_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/mds/internal/agent"
	"github.com/zbsclient/zbsclient/zbs"
)

// What is known holds for a minute after the last answer, and is dated by the first of
// it that was learned.
func TestMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := agent.New()
		if k := a.Recall(); k.Knows(zbs.EndpointVolumeClients) {
			t.Errorf("a new agent is known: %+v", k)
		}
		learned := time.Now()
		a.Learn(zbs.EndpointVolumeClients, true)
		time.Sleep(agent.Memory)
		a.Learn(zbs.EndpointResourceUsage, false)
		k := a.Recall()
		if !k.Has(zbs.EndpointVolumeClients) || k.Has(zbs.EndpointResourceUsage) || !k.Knows(zbs.EndpointResourceUsage) || k.Since != learned {
			t.Errorf("%+v, want one endpoint that it has and one that it has not, since %v", k, learned)
		}
		time.Sleep(agent.Memory - 1)
		a.Hear()
		time.Sleep(agent.Memory)
		if k := a.Recall(); !k.Has(zbs.EndpointVolumeClients) {
			t.Error("it is forgotten a minute after its answer")
		}
		time.Sleep(time.Nanosecond)
		if k := a.Recall(); k.Knows(zbs.EndpointVolumeClients) {
			t.Error("it is known after more than a minute without an answer")
		}
		a.Learn(zbs.EndpointVolumeClients, true)
		if a.Forget(); a.Recall().Knows(zbs.EndpointVolumeClients) {
			t.Error("it is known after Forget")
		}
	})
}

// One asks at a time, and the wait ends with its context, which says why.
func TestLock(t *testing.T) {
	a := agent.New()
	if err := a.Lock(t.Context()); err != nil {
		t.Fatal(err)
	}
	late := errors.New("late")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(late)
	if err := a.Lock(ctx); err != late {
		t.Errorf("the second Lock returned %v, want the cause of its context", err)
	}
	a.Unlock()
	if err := a.Lock(t.Context()); err != nil {
		t.Errorf("Lock after Unlock: %v", err)
	}
}

func TestDropsRepeated(t *testing.T) {
	a := agent.New()
	if a.DropsRepeated() {
		t.Error("of a new agent that is not known")
	}
	if a.HasNamedCluster(); !a.DropsRepeated() {
		t.Error("an agent that named its cluster drops them")
	}
	if a.Ask(); a.Asked() != 1 {
		t.Errorf("asked %d times, want 1", a.Asked())
	}
}
