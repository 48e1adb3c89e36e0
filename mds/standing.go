package mds

// rank orders candidates: the least is asked first.
type rank uint8

const (
	ready        rank = iota
	failedBefore      // its breaker is closed, and its last attempt failed
	halfOpen
	open
	disconnected // added to the others: a Session says so
)

// standing is how one candidate compares with the others.
type standing struct {
	rank     rank
	free     bool  // an attempt would get a connection at once
	inFlight int64 // attempts under way
	tried    int64 // the number of the last attempt
}

// ready reports whether no candidate can come before this one.
func (s standing) ready() bool { return s.rank == ready && s.free }

// before reports whether s is asked before other, which comes first in the order of
// the router. The least rank goes first. Among the ready ones an MDS with a free
// connection goes first, or the one with the fewest attempts under way. Among the
// failed ones the MDS goes first that was asked longest ago, so that one which is
// back is found although a call asks one of them alone.
func (s standing) before(other standing) bool {
	switch {
	case s.rank != other.rank:
		return s.rank < other.rank
	case s.rank != ready:
		return s.tried < other.tried
	case s.free || other.free:
		return s.free && !other.free
	default:
		return s.inFlight < other.inFlight
	}
}

// betterThan reports whether an attempt that waits in the queue of the MDS with the
// standing other is better made at s.
func (s standing) betterThan(other standing) bool {
	return s.rank < other.rank || s.rank == other.rank && s.free && !other.free
}
