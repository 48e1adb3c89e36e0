package hashring

import (
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// ErrInvalidOption is matched by the error of [NewMembership] for each invalid
// value.
var ErrInvalidOption = errors.New("invalid option")

// Option changes how a [Membership] behaves.
type Option func(*Membership) error

// WithPlacement sets the placement of the ring; the default is [Default].
func WithPlacement(p Placement) Option {
	return func(m *Membership) error {
		if p > ZStack {
			return fmt.Errorf("%w: %v", ErrInvalidOption, p)
		}
		m.ring = New(p)
		return nil
	}
}

// WithRounds sets for how many rounds in a row the source must miss a node before the
// node leaves. The default and the minimum is 2, because one read may miss a node
// that is joining.
func WithRounds(n int) Option {
	return func(m *Membership) error {
		if n < 2 {
			return fmt.Errorf("%w: %d rounds, want at least 2", ErrInvalidOption, n)
		}
		m.rounds = n
		return nil
	}
}

// WithInterval sets the time between two rounds of [Membership.Run]. It is also the
// time-out of the source in a round. The default is 5 s, as in ZStack.
func WithInterval(d time.Duration) Option {
	return func(m *Membership) error {
		if d <= 0 {
			return fmt.Errorf("%w: interval %v, want more than 0", ErrInvalidOption, d)
		}
		m.interval = d
		return nil
	}
}

// WithLogger sets the logger to which [Membership.Run] reports failed rounds. The
// default discards them.
func WithLogger(l *slog.Logger) Option {
	return func(m *Membership) error {
		if l == nil {
			return fmt.Errorf("%w: no logger", ErrInvalidOption)
		}
		m.log = l
		return nil
	}
}
