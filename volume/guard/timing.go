package guard

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/zbsclient/zbsclient/mds"
)

// Defaults of Timing. The storage is closed; what is known of its registry of
// clients comes from CurveBS, which it descends from. All of these may be set
// otherwise in a cluster.
const (
	// DefaultRefresh: CurveBS clients renew a lease of 5 s or 20 s four times
	// in its life, every 1.25 s or 5 s. The longer of the two.
	DefaultRefresh = 5 * time.Second
	// DefaultLeaderRetry: CurveBS's mds.maxRetryMS, 8000.
	DefaultLeaderRetry = 8 * time.Second
	// DefaultRegistryExpiry: seen on ZBS, about.
	DefaultRegistryExpiry = 50 * time.Second
	// DefaultSpan holds three commands of a busy agent, each of which takes
	// well under a second on an idle one, and two spans fit into the default
	// interval.
	DefaultSpan = 6 * time.Second
	// DefaultRounds: one disturbance of the registry spoils one round.
	DefaultRounds = 2
)

// Timing is what the Guard knows of the storage's registry of clients, and how
// it asks because of that. In each field zero means the default. A Timing is a
// comparable value.
type Timing struct {
	// Refresh is how often a client renews its entry, DefaultRefresh.
	Refresh time.Duration
	// LeaderRetry is how long a client may look for a new leader,
	// DefaultLeaderRetry. A client that can reach the MDS stands in the
	// registry at the latest Refresh + LeaderRetry after it opened a volume,
	// after a change of the leader, or after it could reach the MDS again.
	LeaderRetry time.Duration
	// RegistryExpiry is how long an entry stays that nobody renews,
	// DefaultRegistryExpiry.
	RegistryExpiry time.Duration
	// RoundInterval is the least time from the end of a round to the begin of
	// the next, Refresh + LeaderRetry: after it a client is back that a
	// disturbance hid from the round before. It must not be shorter.
	RoundInterval time.Duration
	// Span is how long one MDS may take over the questions of a round,
	// DefaultSpan; a round takes at most two. It must not exceed half of
	// RoundInterval, so that a report is fresh when it is made. An agent that
	// restarts is taken not to be synced again within a Span.
	Span time.Duration
	// Rounds is how many rounds must agree, DefaultRounds, at least 2.
	Rounds int
}

func (t Timing) withDefaults() Timing {
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

// check reports what makes a Timing without zero fields unsafe.
func (t Timing) check() error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: timing: %s", mds.ErrInvalidOption, fmt.Sprintf(format, args...))
	}
	switch {
	case t.Refresh < 0 || t.LeaderRetry < 0 || t.RegistryExpiry < 0 || t.Span < 0:
		return bad("a duration is negative")
	case t.RoundInterval < t.Refresh+t.LeaderRetry:
		return bad("rounds %v apart, want at least refresh and leader retry, %v", t.RoundInterval, t.Refresh+t.LeaderRetry)
	case t.RoundInterval < t.Span*2:
		return bad("a span of %v, want at most half of the round interval, %v", t.Span, t.RoundInterval/2)
	case t.Rounds < 2:
		return bad("%d rounds, want at least 2", t.Rounds)
	}
	return nil
}

// ValidFor is how long after ObservedAt a report may be acted on: RoundInterval.
// A host that opens the volume may stay unseen that long in any case, so a
// report of that age is no blinder than a new one.
func (t Timing) ValidFor() time.Duration { return t.withDefaults().RoundInterval }

// Disturbances is how many disturbances of the registry a Free verdict stands,
// at whatever moment from Refresh + LeaderRetry + RegistryExpiry before the
// check to its end they come. A disturbance is a change of the leader, or that
// the host which writes loses the MDS, or reaches it again, or opened the volume
// and is registered late. With the default it is one. It is Rounds - 1 when
// RoundInterval is at least Refresh + LeaderRetry + RegistryExpiry (63 s): only
// then no two disturbances together can spoil two rounds.
func (t Timing) Disturbances() int {
	t = t.withDefaults()
	if t.RoundInterval >= t.Refresh+t.LeaderRetry+t.RegistryExpiry {
		return t.Rounds - 1
	}
	return 1
}

// Longest is the most a Check takes, whatever the MDS do: to learn what cluster
// and pools there are, for a round that another check began before it, and for
// its own rounds with what lies between. Checks of so many volumes at once that
// their rounds wait for the Load take longer; CheckAll is made for these.
func (t Timing) Longest() time.Duration {
	t = t.withDefaults()
	return 3*t.Span + time.Duration(t.Rounds+1)*2*t.Span + time.Duration(t.Rounds)*t.RoundInterval
}

// timingDoc is a Timing in JSON.
type timingDoc struct {
	Refresh        Seconds `json:"refreshSeconds"`
	LeaderRetry    Seconds `json:"leaderRetrySeconds"`
	RegistryExpiry Seconds `json:"registryExpirySeconds"`
	RoundInterval  Seconds `json:"roundIntervalSeconds"`
	Span           Seconds `json:"spanSeconds"`
	Rounds         int     `json:"rounds"`
}

// MarshalJSON writes the durations in seconds.
func (t Timing) MarshalJSON() ([]byte, error) {
	return json.Marshal(timingDoc{Seconds(t.Refresh), Seconds(t.LeaderRetry), Seconds(t.RegistryExpiry),
		Seconds(t.RoundInterval), Seconds(t.Span), t.Rounds})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (t *Timing) UnmarshalJSON(data []byte) error {
	var d timingDoc
	err := json.Unmarshal(data, &d)
	*t = Timing{time.Duration(d.Refresh), time.Duration(d.LeaderRetry), time.Duration(d.RegistryExpiry),
		time.Duration(d.RoundInterval), time.Duration(d.Span), d.Rounds}
	return err
}

// Seconds is a duration that stands in JSON as a number of seconds.
type Seconds time.Duration

// String is that of time.Duration.
func (s Seconds) String() string { return time.Duration(s).String() }

// MarshalJSON writes seconds as a fraction.
func (s Seconds) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(s).Seconds()) }

// UnmarshalJSON reads what MarshalJSON writes, to the nanosecond.
func (s *Seconds) UnmarshalJSON(data []byte) error {
	var f float64
	if err := json.Unmarshal(data, &f); err != nil {
		return err
	}
	if math.Abs(f) > float64(math.MaxInt64/time.Second) {
		return fmt.Errorf("%v seconds are out of range", f)
	}
	*s = Seconds(math.Round(f * float64(time.Second)))
	return nil
}
