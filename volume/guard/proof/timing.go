package proof

import (
	"errors"
	"fmt"
	"time"
)

// Defaults of Timing. The storage is closed. What is known of its registry of clients
// comes from CurveBS, its ancestor. A cluster may have other values.
const (
	// DefaultRefresh: CurveBS clients renew a lease of 5 s or 20 s four times in its
	// life, every 1.25 s or 5 s. This is the longer of the two.
	DefaultRefresh = 5 * time.Second
	// DefaultLeaderRetry: CurveBS's mds.maxRetryMS, 8000.
	DefaultLeaderRetry = 8 * time.Second
	// DefaultRegistryExpiry: about what was seen on ZBS.
	DefaultRegistryExpiry = 50 * time.Second
	// DefaultSpan: an idle agent answers a query in well under a second, so a busy one
	// has time for all queries of a round. Two spans fit into the default interval.
	DefaultSpan = 6 * time.Second
	// DefaultRounds: one disturbance of the registry spoils one round.
	DefaultRounds = 2
	// DefaultMaxFenceAge: long enough to power a host off and start a recovery,
	// short enough that the host is still known to be off.
	DefaultMaxFenceAge = 10 * time.Minute
)

// Timing is what the Guard knows about the storage's registry of clients, and the times of
// its rounds that follow. In each field zero means the default. A Timing is a comparable
// value.
type Timing struct {
	// Refresh is how often a client renews its entry, DefaultRefresh.
	Refresh time.Duration
	// LeaderRetry is how long a client may look for a new leader,
	// DefaultLeaderRetry. A client that can reach the MDS stands in the
	// registry at the latest Refresh + LeaderRetry after it opened a volume,
	// after a change of the leader, or after it could reach the MDS again.
	LeaderRetry time.Duration
	// RegistryExpiry is how long an entry stays without a renewal,
	// DefaultRegistryExpiry.
	RegistryExpiry time.Duration
	// RoundInterval is the least time from the end of a round that counts to the begin
	// of the next, Refresh + LeaderRetry: after it a client is listed again that a
	// disturbance hid from the round before. It must not be shorter.
	RoundInterval time.Duration
	// Span is how long one MDS may take for the queries of a round, DefaultSpan. It
	// must not exceed half of RoundInterval, so that a new report is fresh. A Guard
	// assumes that no agent is restarted and synced again within a Span.
	Span time.Duration
	// Rounds is how many rounds must count, DefaultRounds, at least 2.
	Rounds int
}

// WithDefaults returns the Timing with the default in every field that is zero.
func (t Timing) WithDefaults() Timing {
	set := func(d *time.Duration, value time.Duration) {
		if *d == 0 {
			*d = value
		}
	}
	set(&t.Refresh, DefaultRefresh)
	set(&t.LeaderRetry, DefaultLeaderRetry)
	set(&t.RegistryExpiry, DefaultRegistryExpiry)
	set(&t.RoundInterval, t.Refresh+t.LeaderRetry)
	set(&t.Span, DefaultSpan)
	if t.Rounds == 0 {
		t.Rounds = DefaultRounds
	}
	return t
}

// Check reports what makes a Timing without zero fields unsafe.
func (t Timing) Check() error {
	switch {
	case t.Refresh < 0 || t.LeaderRetry < 0 || t.RegistryExpiry < 0 || t.Span < 0:
		return errors.New("timing: a duration is negative")
	case t.RoundInterval < t.Refresh+t.LeaderRetry:
		return fmt.Errorf("timing: rounds %v apart, want at least refresh and leader retry, %v", t.RoundInterval, t.Refresh+t.LeaderRetry)
	case t.RoundInterval < t.Span*2:
		return fmt.Errorf("timing: a span of %v, want at most half of the round interval, %v", t.Span, t.RoundInterval/2)
	case t.Rounds < 2:
		return fmt.Errorf("timing: %d rounds, want at least 2", t.Rounds)
	}
	return nil
}

// ValidFor is how long after ObservedAt a report may be acted on: Refresh +
// LeaderRetry. A host that opens the volume may stay unseen that long in any case, so a
// report of that age misses no more than a new one.
func (t Timing) ValidFor() time.Duration {
	t = t.WithDefaults()
	return t.Refresh + t.LeaderRetry
}

// Disturbances is how many disturbances of the registry a Free verdict withstands, at any
// moment from Refresh + LeaderRetry + RegistryExpiry before the check to its end. A
// disturbance is a change of the leader, the loss
// of the MDS by the host that writes, both at once (one rack switch), its return,
// or an open that is registered late. With the default it is one. It is Rounds - 1
// when RoundInterval is at least Refresh + LeaderRetry + RegistryExpiry (63 s):
// only then no two disturbances together can spoil two rounds.
func (t Timing) Disturbances() int {
	t = t.WithDefaults()
	if t.RoundInterval >= t.Refresh+t.LeaderRetry+t.RegistryExpiry {
		return t.Rounds - 1
	}
	return 1
}

// Patience is how long after the first round of a check another round may begin the count
// again. A check that has counted a round by then goes on to complete its rounds.
func (t Timing) Patience() time.Duration {
	t = t.WithDefaults()
	return time.Duration(t.Rounds) * t.RoundInterval
}

// Retry is the pause after a round that does not count: half a Refresh, because by then
// another client may have registered.
func (t Timing) Retry() time.Duration { return t.WithDefaults().Refresh / 2 }

// signOfLife is how long after a host was fenced the registry may still list it: the host
// may have renewed its entry at the last moment.
func (t Timing) signOfLife() time.Duration { return t.RegistryExpiry + t.Refresh }
