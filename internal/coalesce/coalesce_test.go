package coalesce_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/internal/coalesce"
)

// counter makes calls that take a time, and return their number.
type counter struct {
	calls atomic.Int32
	takes time.Duration
}

func (c *counter) call(ctx context.Context) (int, error) {
	n := int(c.calls.Add(1))
	select {
	case <-time.After(c.takes):
		return n, nil
	case <-ctx.Done():
		return -n, ctx.Err()
	}
}

func TestEqualCallsShareOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, c := coalesce.Group[string, int]{Wait: time.Hour}, counter{takes: time.Second}
		began := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() { g.Do(t.Context(), "k", c.call) })
		synctest.Wait() // it has begun, so it is older than the questions to come
		for range 100 {
			wg.Go(func() {
				if n, left, err := g.Do(t.Context(), "k", c.call); n != 2 || err != nil || left {
					t.Errorf("call %d, %v, left %t; want the second", n, err, left)
				}
			})
		}
		wg.Go(func() {
			other := counter{takes: time.Second}
			if n, _, err := g.Do(t.Context(), "other", other.call); err != nil || n != 1 {
				t.Errorf("another key: call %d, %v", n, err)
			}
		})
		wg.Wait()
		if n := c.calls.Load(); n != 2 {
			t.Errorf("%d calls, want 2", n)
		}
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("took %v, want one call after the other", took)
		}
	})
}

// A call never gets an answer from before it was made.
func TestAnswerIsNotOlderThanItsQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, truth := coalesce.Group[string, int]{Wait: time.Hour}, atomic.Int32{}
		read := func(context.Context) (int, error) {
			n := truth.Load() // as things stand when the question is asked
			time.Sleep(time.Second)
			return int(n), nil
		}
		var wg sync.WaitGroup
		defer wg.Wait()
		for now := range 5 {
			truth.Store(int32(now))
			wg.Go(func() {
				if n, _, err := g.Do(t.Context(), "k", read); err != nil || n < now {
					t.Errorf("%d, %v; want at least %d, which was true when it was asked", n, err, now)
				}
			})
			synctest.Wait()
			time.Sleep(300 * time.Millisecond)
		}
	})
}

// A call that hangs holds the next one up for Wait.
func TestWait(t *testing.T) {
	for _, wait := range []time.Duration{0, 250 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			g, c := coalesce.Group[string, int]{Wait: wait}, counter{takes: time.Hour}
			ctx, cancel := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			defer wg.Wait()
			defer cancel()
			wg.Go(func() { g.Do(ctx, "k", c.call) })
			synctest.Wait()
			began := time.Now()
			g.Do(t.Context(), "k", func(context.Context) (int, error) { return 0, nil })
			if took := time.Since(began); took != wait {
				t.Errorf("took %v, want %v", took, wait)
			}
		})
	}
}

// A caller that leaves gets the error of its context, and takes no other along.
// The last one gets what the call returned.
func TestCallersThatLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, c := coalesce.Group[string, int]{Wait: time.Minute / 2}, counter{takes: time.Hour}
		before := counter{takes: time.Minute / 2}
		var wg sync.WaitGroup
		wg.Go(func() { g.Do(t.Context(), "k", before.call) })
		synctest.Wait() // so that those that come now share one
		for i := range 3 {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i+1)*time.Minute)
				defer cancel()
				began := time.Now()
				n, left, err := g.Do(ctx, "k", c.call)
				want, wantErr := 0, context.DeadlineExceeded // its own
				if i == 2 {
					want, wantErr = -1, context.Canceled // the call's, which nobody wants now
				}
				if n != want || !errors.Is(err, wantErr) || !left || time.Since(began) != time.Duration(i+1)*time.Minute {
					t.Errorf("caller %d: %d, %v, left %t after %v; want %d, %v", i, n, err, left, time.Since(began), want, wantErr)
				}
			})
		}
		wg.Wait()
		if n := c.calls.Load(); n != 1 {
			t.Errorf("%d calls, want one", n)
		}
	})
}

// Many callers that give up early keep no other from an answer that takes longer.
func TestImpatientCallersStarveNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, c := coalesce.Group[string, int]{Wait: 250 * time.Millisecond}, counter{takes: 2 * time.Second}
		var wg sync.WaitGroup
		defer wg.Wait()
		stop, end := context.WithCancel(t.Context())
		defer end()
		wg.Go(func() {
			for stop.Err() == nil {
				wg.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					defer cancel()
					g.Do(ctx, "k", c.call)
				})
				time.Sleep(100 * time.Millisecond)
			}
		})
		time.Sleep(5 * time.Second)
		began := time.Now()
		if _, _, err := g.Do(t.Context(), "k", c.call); err != nil || time.Since(began) > 2500*time.Millisecond {
			t.Errorf("%v after %v, where a call takes 2s", err, time.Since(began))
		}
	})
}

// The context of a call has the values of a caller, and not its end.
func TestContextOfACall(t *testing.T) {
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, "v")
	var g coalesce.Group[string, any]
	if v, _, err := g.Do(ctx, "k", func(ctx context.Context) (any, error) { return ctx.Value(key{}), ctx.Err() }); v != "v" || err != nil {
		t.Errorf("%v, %v", v, err)
	}
}
