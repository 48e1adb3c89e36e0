package guard

import (
	"context"
	"sync/atomic"
)

// shared lets many callers share one piece of work. A caller takes the outcome
// of another's only if that began after its own call; so nobody gets an answer
// older than its question, and when the work fails slowly, it is done twice for
// those who wait and not once for each.
type shared struct {
	calls  atomic.Int64
	turn   chan struct{} // holds a token while nobody works; whoever has it owns the rest
	covers int64         // the calls that came before the last work began
	err    error
}

func newShared() *shared {
	s := &shared{turn: make(chan struct{}, 1)}
	s.turn <- struct{}{}
	return s
}

func (s *shared) do(ctx context.Context, work func() error) error {
	call := s.calls.Add(1)
	select {
	case <-s.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { s.turn <- struct{}{} }()
	if call <= s.covers {
		return s.err
	}
	covers := s.calls.Load()
	err := work()
	if ctx.Err() == nil { // else it was broken off, which concerns nobody else
		s.covers, s.err = covers, err
	}
	return err
}
