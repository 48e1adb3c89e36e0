package proof_test

import (
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

// roundsAt makes rounds that begin then, each of roundTook.
func roundsAt(at ...proof.Seconds) change {
	return func(c *proof.Case) {
		addRounds(c, len(at), 0)
		for k := range at {
			c.Evidence.Rounds[k].Began = at[k]
		}
	}
}

// absent makes rounds, in all of which nobody lists kvm-2.
func absent(at ...proof.Seconds) change {
	return func(c *proof.Case) {
		roundsAt(at...)(c)
		unseen(2, 0)(c)
	}
}

func TestRule3SelfFenced(t *testing.T) {
	const bound, end = 30 * second, 30*second + roundTook // end of the bound from the end of the first round
	promise := selfFencing(bound)
	d := want(t, "absent for the bound", proof.Free, proof.RestsOnSelfFencing, promise, absent(0, interval+second, end))
	wantHost(t, d, 2, proof.SelfFenced)
	if d.Observed != 2 {
		t.Errorf("observed in round %d, want the last", d.Observed+1)
	}
	d = want(t, "a moment less", proof.Unknown, proof.SelfFencingPending, promise, absent(0, interval+second, end-1))
	if !d.Open || d.Reasons[0].RetryAfter != 1 || d.Reasons[0].Detail != kvm(2) {
		t.Errorf("open %t, %+v; want a moment to wait", d.Open, d.Reasons)
	}
	want(t, "from the begin of the first round", proof.Unknown, proof.SelfFencingPending, promise, absent(0, interval+second, bound))
	want(t, "without the promise", proof.Unknown, proof.HostUnproved, absent(0, interval+second, end))
	want(t, "to the end of the last round", proof.Unknown, proof.SelfFencingPending, promise, absent(0, interval+second, end-roundTook))

	// Leader and host are lost together, by one rack switch: the registry is empty
	// at once, so the absence says nothing of how long ago that was.
	want(t, "listed in the first round, lost before the second", proof.Unknown, proof.SelfFencingPending, promise, roundsAt(0, interval+second, end), unseen(2, 2), unseen(2, 3))
	want(t, "the bound after the second", proof.Free, proof.RestsOnSelfFencing, promise,
		roundsAt(0, interval+second, interval+second+end), unseen(2, 2), unseen(2, 3))
	want(t, "seen again in between", proof.Unknown, proof.SelfFencingPending, promise, roundsAt(0, interval+second, end), unseen(2, 1), unseen(2, 3))
	want(t, "seen again by one MDS that does not count", proof.Unknown, proof.SelfFencingPending, promise, roundsAt(0, interval+second, end),
		unseen(2, 1), unseen(2, 2, 0, 1), unseen(2, 3), on(2, func(o *proof.Observation) { o.Ping.AgentVersion = "" }, 2))
	want(t, "nobody could list in the first round", proof.Unknown, proof.SelfFencingPending, promise, absent(0, interval+second, end), down(1))
	want(t, "nobody could list in the last round", proof.Unknown, proof.NoQuorum, promise, absent(0, interval+second, end), down(3))
	want(t, "a minority could list in the first round", proof.Unknown, proof.SelfFencingPending, promise, absent(0, interval+second, end), down(1, 0, 1))
	want(t, "a spoiled round in between", proof.Free, proof.RestsOnSelfFencing, promise, absent(0, interval+second, end), down(2))

	want(t, "a witness saw it alive in the second round", proof.Unknown, proof.SelfFencingPending, promise, absent(0, interval+second, end),
		says(2, 2, alive(0)))
	want(t, "alive before the first round ended", proof.Free, proof.RestsOnSelfFencing, promise, absent(0, interval+second, end),
		says(2, 2, alive(roundTook-interval-second)))
	want(t, "alive a moment later", proof.Unknown, proof.SelfFencingPending, promise, absent(0, interval+second, end),
		says(2, 2, alive(roundTook-interval-second+1)))
	want(t, "another host is alive", proof.Free, proof.RestsOnSelfFencing, promise, absent(0, interval+second, end), says(3, 2, alive(0)))
	want(t, "a word that was no answer", proof.Free, proof.RestsOnSelfFencing, promise, absent(0, interval+second, end), says(2, 2, func(s *proof.Statement) {
		alive(0)(s)
		s.Outcome = proof.NoAnswer
	}))
}

// Each disturbance may have hidden a host that was well, so the bound counts from
// the absent round by which they are used up.
func TestRule3SelfFencedDisturbances(t *testing.T) {
	const bound, minute = 30 * second, 60 * second
	thorough := func(c *proof.Case) {
		c.Terms.Timing = proof.Timing{Rounds: 3, RoundInterval: 63 * time.Second}.WithDefaults()
		c.Terms.SelfFencing = bound
	}
	at := []proof.Seconds{0, 65 * second, 130 * second}
	want(t, "from the second absent round", proof.Free, proof.RestsOnSelfFencing, thorough, absent(at...))
	want(t, "the bound since the first alone", proof.Unknown, proof.SelfFencingPending, thorough, absent(at...), selfFencing(minute+5*second))
	want(t, "absent in one round", proof.Unknown, proof.SelfFencingPending, thorough, roundsAt(at...), unseen(2, 3))
}
