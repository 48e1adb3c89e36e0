package mds

import "github.com/zbsclient/zbsclient/zbs"

// SkipReason says why an MDS was not asked.
type SkipReason uint8

const (
	NotNeeded        SkipReason = iota // another answered
	BehindForBreaker                   // another answered; it came behind that because it had failed lately
	BehindForSession                   // another answered; it came behind that because a Session says it is disconnected
	BudgetSpent                        // no retry token was left, see ErrRetryBudget
	CallEnded                          // the call ended without an answer before its turn
	OtherTargeted                      // the call has another MDS as its Target
	Excepted                           // the call excludes it

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
