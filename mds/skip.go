package mds

import (
	"slices"

	"github.com/zbsclient/zbsclient/zbs"
)

// SkipReason says for what reason an MDS was not asked.
type SkipReason uint8

const (
	NotNeeded        SkipReason = iota // another answered
	BehindForBreaker                   // another answered, which came before it because it had failed lately
	BehindForSession                   // another answered, which came before it because a Session says it is disconnected
	BudgetSpent                        // the retry budget was spent, see ErrRetryBudget
	CallEnded                          // the call ended without an answer before its turn
	OtherTargeted                      // the call was for another
	Excepted                           // the call excepts it

	lastSkip = Excepted
)

// String returns the reason in words.
func (r SkipReason) String() string {
	switch r {
	case NotNeeded:
		return "not needed"
	case BehindForBreaker:
		return "behind, it failed lately"
	case BehindForSession:
		return "behind, disconnected"
	case BudgetSpent:
		return "retry budget spent"
	case OtherTargeted:
		return "the call is for another"
	case Excepted:
		return "the call excepts it"
	default:
		return "the call had ended"
	}
}

// Skip is an MDS that a call did not ask.
type Skip struct {
	Addr    zbs.Addr
	Breaker Breaker // its state at the end of the call
	Reason  SkipReason
}

// skipped returns whom the walk did not ask, and why.
func (w *walk) skipped() []Skip {
	var all []Skip
	w.eachSkipped(func(n *node, r SkipReason) { all = append(all, Skip{n.addr, n.breaker.state(), r}) })
	if w.call.target == nil && len(w.call.except) == 0 {
		return all
	}
	for _, n := range w.caller.nodes {
		switch {
		case w.call.target != nil && n.addr != *w.call.target:
			all = append(all, Skip{n.addr, n.breaker.state(), OtherTargeted})
		case w.call.target == nil && slices.Contains(w.call.except, n.addr):
			all = append(all, Skip{n.addr, n.breaker.state(), Excepted})
		}
	}
	return all
}

func (w *walk) eachSkipped(visit func(*node, SkipReason)) {
	for _, n := range w.refused {
		visit(n, BudgetSpent)
	}
	for _, n := range w.waiting {
		visit(n, w.whyNot(n))
	}
}

func (w *walk) whyNot(n *node) SkipReason {
	switch {
	case w.winner == nil:
		return CallEnded
	case n.disconnected.Load():
		return BehindForSession
	case !n.breaker.clean.Load():
		return BehindForBreaker
	default:
		return NotNeeded
	}
}

// countSkipped adds to the counters.
func (w *walk) countSkipped() {
	w.eachSkipped(func(n *node, r SkipReason) { n.tally(w.op.endpoint.Name).skipped[r].Add(1) })
}
