package notify_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/mds/internal/notify"
)

// Events arrive in order and one at a time, and Push waits for no observer.
func TestQueueKeepsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []int
		q := notify.New(t.Context(), func(i int) {
			time.Sleep(time.Second)
			got = append(got, i) // the race detector sees two at a time
		})
		start := time.Now()
		for i := range 3 {
			q.Push(i)
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("Push took %v", took)
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if !slices.Equal(got, []int{0, 1, 2}) {
			t.Errorf("the observer got %v", got)
		}
		q.Push(3)
		time.Sleep(time.Second)
		synctest.Wait()
		if len(got) != 4 {
			t.Errorf("an idle queue took no further event: %v", got)
		}
	})
}

// An observer may push, and events that wait when the context ends are dropped.
func TestQueueEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var q *notify.Queue[int]
		var got []int
		q = notify.New(ctx, func(i int) {
			got = append(got, i)
			if i == 0 {
				q.Push(1)
				cancel()
			}
		})
		q.Push(0)
		synctest.Wait()
		q.Push(2)
		synctest.Wait()
		if !slices.Equal(got, []int{0}) {
			t.Errorf("the observer got %v, want the event before the end alone", got)
		}
	})
}

func TestZeroQueueDrops(t *testing.T) {
	var q notify.Queue[int]
	q.Push(1)
	notify.New[int](t.Context(), nil).Push(1)
}
