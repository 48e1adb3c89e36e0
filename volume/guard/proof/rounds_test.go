package proof_test

import (
	"slices"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

// at makes round k begin then.
func at(k int, begin proof.Seconds) change {
	return inRound(k, func(r *proof.Round) { r.Began = begin })
}

func TestRule6Rounds(t *testing.T) {
	const next = roundTook + interval // begin of the second round
	want(t, "one round", proof.Unknown, proof.TooFewRounds, rounds(1))
	want(t, "no round", proof.Unknown, proof.TooFewRounds, rounds(0))
	want(t, "an interval apart", proof.Free, "", at(2, next))
	want(t, "a moment too close", proof.Unknown, proof.TooFewRounds, at(2, next-1))
	want(t, "an interval from begin to begin", proof.Unknown, proof.TooFewRounds, at(2, interval))
	d := want(t, "too close, but the third is far enough", proof.Free, "", rounds(3), at(2, next-1))
	if d.Observed != 2 {
		t.Errorf("observed in round %d, want the third", d.Observed+1)
	}
	want(t, "three rounds wanted", proof.Unknown, proof.TooFewRounds, terms(func(t *proof.Terms) { t.Timing.Rounds = 3 }))
	want(t, "three rounds wanted and made", proof.Free, "", rounds(3), terms(func(t *proof.Terms) { t.Timing.Rounds = 3 }))
	thorough := func(c *proof.Case) {
		c.Terms.Timing = proof.Timing{Rounds: 3, RoundInterval: 63 * time.Second}.WithDefaults()
	}
	want(t, "thorough", proof.Free, "", thorough, func(c *proof.Case) { addRounds(c, 3, 63*second) })
	want(t, "thorough, a moment too close", proof.Unknown, proof.TooFewRounds, thorough, func(c *proof.Case) { addRounds(c, 3, 63*second-1) })

	want(t, "two intervals and a span apart", proof.Free, "", at(2, next+interval+6*second))
	want(t, "so far apart that they say nothing of each other", proof.Unknown, proof.TooFewRounds, at(2, next+interval+6*second+1))
	want(t, "a spoiled round is bridged", proof.Free, "", rounds(3), down(2))
	want(t, "the spoiled round does not count", proof.Unknown, proof.NoQuorum, rounds(2), down(2))
	d = want(t, "a spoiled round behind those that count", proof.Free, "", rounds(3), down(3))
	if d.Observed != 1 {
		t.Errorf("observed in round %d, want the second: it is as old as what it rests on", d.Observed+1)
	}

	// A host that vanishes starts the count again, if a quorum can list: the round
	// that counted may have missed its clients already.
	want(t, "shrinks", proof.Unknown, proof.TooFewRounds, rounds(3), unseen(2, 2))
	want(t, "and counts anew", proof.Free, "", rounds(4), unseen(2, 2))
	want(t, "nobody could list", proof.Free, "", rounds(3), down(2), unseenLists(2, 2))
	want(t, "an allowed host may vanish", proof.Free, "", unseen(2, 2), allow(kvm(2)))
	refused := func(x *proof.Existence) { x.Outcome = proof.Refused }
	want(t, "also in a round that does not count", proof.Free, "", rounds(3), unseen(2, 2), allow(kvm(2)), queries(2, refused, 0, 1, 2))
	want(t, "a fenced one may", proof.Free, "", unseen(2, 2), fence(2, 0))
	want(t, "one that a witness vouches for may", proof.Free, "", unseen(2, 2), says(2, 2, nil))
}

// unseenLists takes a host from the lists of round k where there are any.
func unseenLists(host, k int) change {
	return on(k, func(o *proof.Observation) {
		if o.Survey != nil {
			o.Survey.Lists[host-1].Clients = nil
		}
	})
}

func TestTerms(t *testing.T) {
	for why, spoil := range map[string]func(t *proof.Timing){
		"one round":        func(t *proof.Timing) { t.Rounds = 1 },
		"rounds too close": func(t *proof.Timing) { t.RoundInterval = 13*time.Second - 1 },
		"long span":        func(t *proof.Timing) { t.Span = 7 * time.Second },
		"negative refresh": func(t *proof.Timing) { t.Refresh = -1 },
		"negative retry":   func(t *proof.Timing) { t.LeaderRetry = -1 },
		"negative expiry":  func(t *proof.Timing) { t.RegistryExpiry = -1 },
		"negative span":    func(t *proof.Timing) { t.Span = -1 },
		"zero":             func(t *proof.Timing) { *t = proof.Timing{} },
	} {
		d := want(t, why, proof.Unknown, proof.Invalid, terms(func(t *proof.Terms) { spoil(&t.Timing) }))
		if d.Open {
			t.Errorf("%s: a further round is to help", why)
		}
	}
	want(t, "no Guard takes such terms, and a foreign client counts", proof.InUse, "", terms(func(t *proof.Terms) { t.Timing.Rounds = 1 }), lists(0, ipOf(2)))
	for timing, want := range map[proof.Timing]int{
		{}: 1, {Rounds: 3}: 1, {RoundInterval: 63 * time.Second}: 1, {Rounds: 3, RoundInterval: 63 * time.Second}: 2,
		{Rounds: 3, RoundInterval: 63*time.Second - 1}: 1, {Rounds: 5, RoundInterval: time.Hour}: 4,
	} {
		if got := timing.Disturbances(); got != want {
			t.Errorf("%+v stands %d disturbances, want %d", timing, got, want)
		}
	}
	if got := (proof.Timing{Rounds: 3, RoundInterval: 63 * time.Second}).ValidFor(); got != 13*time.Second {
		t.Errorf("valid for %v, want no longer than a client may stay unseen", got)
	}
	terms := proof.DefaultTerms()
	if got, want := terms.Longest(), 10*time.Second+4*6*time.Second+26*time.Second+13*time.Second+3*6*time.Second; got != want {
		t.Errorf("the longest check takes %v, want %v", got, want)
	}
	before := terms.Longest()
	terms.SelfFencing = 30 * second
	if got, want := terms.Longest()-before, 43*time.Second; got != want {
		t.Errorf("with self-fencing it takes %v more, want %v", got, want)
	}
}

// Open and Next say whether another round may help, and when.
func TestDecisionNext(t *testing.T) {
	const retry = proof.Seconds(proof.DefaultRefresh / 2)
	for why, c := range map[string]struct {
		changes []change
		open    bool
		next    proof.Seconds
	}{
		"one round counts":           {[]change{rounds(1)}, true, roundTook + interval},
		"the second does not":        {[]change{down(2)}, true, 2*roundTook + interval + retry},
		"the first does not":         {[]change{rounds(1), down(1)}, true, roundTook + retry},
		"counts, too close":          {[]change{at(2, second)}, true, roundTook + interval},
		"a host may be shown later":  {[]change{rounds(1), unseen(2, 1)}, true, roundTook + retry},
		"self-fencing is short":      {[]change{rounds(1), unseen(2, 1), selfFencing(second)}, true, 2*roundTook + second},
		"self-fencing is long":       {[]change{rounds(1), unseen(2, 1), selfFencing(100 * second)}, true, roundTook + interval},
		"pending, and no quorum":     {[]change{rounds(1), unseen(2, 1), down(1, 0, 1), selfFencing(100 * second)}, true, roundTook + retry},
		"pending, and another host":  {[]change{rounds(1), unseen(2, 1), idle(3), fence(3, time.Hour), selfFencing(100 * second)}, true, roundTook + interval},
		"nothing can show a host":    {[]change{rounds(1), idle(2)}, false, roundTook + retry},
		"no round":                   {[]change{rounds(0)}, true, 0},
		"it is in use":               {[]change{rounds(1), lists(1, ipOf(2))}, false, roundTook + interval},
		"the volume does not exist":  {[]change{rounds(1), queries(1, func(x *proof.Existence) { x.Outcome = proof.Missing }, 1)}, false, roundTook + retry},
		"an MDS of another cluster":  {[]change{rounds(1), names(2, "another")}, false, roundTook + interval},
		"the caller ended the check": {[]change{rounds(1), abort(proof.Interrupted)}, false, roundTook + interval},
	} {
		if d := caseOf(c.changes...).Decide(); d.Open != c.open || d.Next != time.Duration(c.next) {
			t.Errorf("%s: open %t, next %v; want %t, %v (%v, %v)", why, d.Open, d.Next, c.open, c.next, d.Verdict, d.Reasons)
		}
	}
}

// abort ends the check for this reason.
func abort(code proof.Code) change {
	return func(c *proof.Case) { c.Evidence.Abort = proof.Reason{Code: code, Detail: "test"} }
}

// RoundWorth says what each round is worth.
func TestRoundWorth(t *testing.T) {
	d := caseOf(rounds(3), down(2, 0, 1), unseen(2, 3, 2), unseen(3, 3, 1, 2), queries(1, func(x *proof.Existence) { x.Outcome = proof.Refused }, 0, 1, 2)).Decide()
	unproved := func(k int) (hosts []int) {
		for i := range 3 {
			if d.Rounds[k].Unproved.Has(i) {
				hosts = append(hosts, i+1)
			}
		}
		return hosts
	}
	for k, want := range []struct {
		proved, listing int
		exists, counts  bool
		unproved        []int
	}{
		{3, 3, false, false, nil},
		{1, 1, true, false, []int{1, 2, 3}},
		{1, 3, true, false, []int{3}},
	} {
		w := d.Rounds[k]
		if w.Proved != want.proved || w.Listing != want.listing || w.Exists != want.exists || w.Counts != want.counts || !slices.Equal(unproved(k), want.unproved) {
			t.Errorf("round %d: %+v with hosts %v unproved, want %+v", k+1, w, unproved(k), want)
		}
	}
}
