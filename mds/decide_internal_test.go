package mds

import (
	"testing"
	"time"
)

const delay = 40 * time.Millisecond

func TestAfterFailure(t *testing.T) {
	for _, row := range []struct {
		name  string
		how   outcome
		later bool
		want  move
	}{
		{"it failed", faulted, false, move{do: ask, why: WhyFailed}},
		{"it failed, and a later attempt is under way", faulted, true, move{do: rest}},
		{"it was not reached", unsent, false, move{do: ask, why: WhyFailed}},
		{"another MDS had a connection", requeued, false, move{do: requeue, why: WhySlow}},
		{"it was not recognised in time", unrecognised, false, move{do: requeue, why: WhyFailed}},
		{"the same with a later attempt under way", unrecognised, true, move{do: requeue, why: WhyFailed}},
	} {
		if got := afterFailure(row.how, row.later); got != row.want {
			t.Errorf("%s: %+v, want %+v", row.name, got, row.want)
		}
	}
}

func TestWhenLate(t *testing.T) {
	for _, row := range []struct {
		name string
		n    newest
		want move
	}{
		{"it waits for a connection", newest{state: queued, delay: delay}, move{do: look, after: delay / queueChecks}},
		{"it waits, and the delay is short", newest{state: queued, delay: time.Millisecond}, move{do: look, after: time.Millisecond}},
		{"it waits, and a better MDS is left", newest{state: queued, better: true, delay: delay}, move{do: withdraw}},
		{"its request is not out yet", newest{state: recognising, delay: delay}, move{do: look, after: delay}},
		{"its request went out a while later", newest{state: sent, onTheWay: 30 * time.Millisecond, delay: delay}, move{do: look, after: 10 * time.Millisecond}},
		{"it is late", newest{state: sent, onTheWay: delay, delay: delay}, move{do: ask, why: WhySlow}},
	} {
		if got := whenLate(row.n); got != row.want {
			t.Errorf("%s: %+v, want %+v", row.name, got, row.want)
		}
	}
}

func TestAdmitWithoutToken(t *testing.T) {
	for _, row := range []struct {
		name              string
		state             callState
		why               Why
		healthy, underWay bool
		want              admission
	}{
		{"healthy, after a failure", asking, WhyFailed, true, false, admitted},
		{"healthy, one is slow", asking, WhySlow, true, true, deferred},
		{"healthy, one is slow for long", starved, WhySlow, true, true, admitted},
		{"failed lately, after a failure", asking, WhyFailed, false, false, passedOver},
		{"failed lately, after a failure beside another attempt", asking, WhyFailed, false, true, passedOver},
		{"failed lately, one is slow", asking, WhySlow, false, true, deferred},
		{"failed lately, one is slow for long", starved, WhySlow, false, true, deferred},
		{"failed lately, and nothing is under way", starved, WhySlow, false, false, passedOver},
	} {
		if got := admit(row.state, row.why, row.healthy, row.underWay); got != row.want {
			t.Errorf("%s: %d, want %d", row.name, got, row.want)
		}
	}
}

// The one that is asked first, and that stays first however the two are compared.
func TestStandings(t *testing.T) {
	for _, row := range []struct {
		name          string
		first, second standing
	}{
		{"a free connection", standing{free: true, inFlight: 9}, standing{}},
		{"fewer attempts under way", standing{inFlight: 4}, standing{inFlight: 5, tried: -1}},
		{"healthy before failed", standing{tried: 9}, standing{rank: failedBefore, free: true}},
		{"failed before half-open", standing{rank: failedBefore, tried: 9}, standing{rank: halfOpen}},
		{"half-open before open", standing{rank: halfOpen, tried: 9}, standing{rank: open, free: true}},
		{"open before disconnected", standing{rank: open, tried: 9}, standing{rank: disconnected, free: true}},
		{"disconnected before disconnected and failed", standing{rank: disconnected, tried: 9}, standing{rank: disconnected + failedBefore}},
		{"failed: the one asked longest ago", standing{rank: open, tried: 3}, standing{rank: open, tried: 4, free: true}},
	} {
		if !row.first.before(row.second) || row.second.before(row.first) {
			t.Errorf("%s: the order is not first, second", row.name)
		}
		if row.first.before(row.first) {
			t.Errorf("%s: a candidate comes before its equal", row.name)
		}
	}
}

// An attempt leaves the queue of its MDS for a better rank or a free connection.
func TestBetterThan(t *testing.T) {
	busy, free := standing{}, standing{free: true}
	failed := standing{rank: failedBefore, free: true}
	for _, row := range []struct {
		name            string
		candidate, here standing
		want            bool
	}{
		{"free, here is busy", free, busy, true},
		{"busy, here as well", busy, standing{inFlight: 9}, false},
		{"free, here as well", free, free, false},
		{"busy, here has failed", busy, failed, true},
		{"failed, here is busy", failed, busy, false},
	} {
		if got := row.candidate.betterThan(row.here); got != row.want {
			t.Errorf("%s: %t", row.name, got)
		}
	}
}

func TestOnlyTheEndIsOver(t *testing.T) {
	for state, over := range map[callState]bool{asking: false, starved: false, won: true, stopped: true, exhausted: true} {
		if state.over() != over {
			t.Errorf("state %d over: %t", state, !over)
		}
	}
}

func TestMayContradict(t *testing.T) {
	for name, tc := range map[string]struct {
		denials int
		state   callState
		healthy bool
		breaker Breaker
		want    bool
	}{
		"healthy":                  {1, asking, true, BreakerClosed, true},
		"healthy, two denied":      {2, asking, true, BreakerClosed, true},
		"failed before":            {1, asking, false, BreakerClosed, true},
		"failed before, two":       {2, asking, false, BreakerClosed, false},
		"half-open":                {1, asking, false, BreakerHalfOpen, true},
		"half-open, two":           {2, asking, false, BreakerHalfOpen, false},
		"open":                     {1, asking, false, BreakerOpen, false},
		"no token":                 {1, starved, false, BreakerClosed, false},
		"no token, but it is well": {1, starved, true, BreakerClosed, true},
	} {
		if got := mayContradict(tc.denials, tc.state, tc.healthy, tc.breaker); got != tc.want {
			t.Errorf("%s: %t, want %t", name, got, tc.want)
		}
	}
}

func TestAbsenceWait(t *testing.T) {
	const delay = 20 * time.Millisecond
	for denials, want := range map[int]time.Duration{1: patienceFactor * delay, 2: delay, 3: delay} {
		if got := absenceWait(denials, delay); got != want {
			t.Errorf("%d denials: %v, want %v", denials, got, want)
		}
	}
}
