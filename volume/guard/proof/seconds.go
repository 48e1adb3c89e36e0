package proof

import (
	"encoding/json"
	"fmt"
	"math"
	"time"
)

// Seconds is a duration that stands in JSON as a number of seconds.
type Seconds time.Duration

// String is that of time.Duration.
func (s Seconds) String() string { return time.Duration(s).String() }

// MarshalJSON writes seconds as a fraction.
func (s Seconds) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(s).Seconds()) }

// UnmarshalJSON reads what MarshalJSON writes: to the nanosecond for days, and
// for longer times as exactly as a number in JSON is.
func (s *Seconds) UnmarshalJSON(data []byte) error {
	var f float64
	if err := json.Unmarshal(data, &f); err != nil {
		return err
	}
	switch ns := math.Round(f * float64(time.Second)); {
	case math.Abs(ns) > -math.MinInt64:
		return fmt.Errorf("%v seconds are out of range", f)
	case ns == -math.MinInt64: // what the longest Duration is rounded to
		*s = math.MaxInt64
	default:
		*s = Seconds(ns)
	}
	return nil
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
