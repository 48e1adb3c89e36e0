package volume

import (
	"context"
	"time"
)

// shared lets many callers share one piece of work. A caller takes the outcome
// of another's only if that began after its own call; so nobody gets an answer
// older than its question, and when the work fails slowly, it is done twice for
// those who wait and not once for each.
type shared struct {
	turn  chan struct{} // holds a token while nobody works; whoever has it owns the rest
	began time.Time
	err   error
}

func newShared() *shared {
	s := &shared{turn: make(chan struct{}, 1)}
	s.turn <- struct{}{}
	return s
}

func (s *shared) do(ctx context.Context, work func() error) error {
	called := time.Now()
	select {
	case <-s.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { s.turn <- struct{}{} }()
	if !s.began.IsZero() && !s.began.Before(called) {
		return s.err
	}
	began := time.Now()
	err := work()
	if ctx.Err() == nil { // else it was broken off, which concerns nobody else
		s.began, s.err = began, err
	}
	return err
}
