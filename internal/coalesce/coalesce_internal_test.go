package coalesce

import (
	"context"
	"testing"
	"testing/synctest"
)

// A caller that comes when a call was left by all does not share its end, and the
// end does not take the next call with it.
func TestLeftCallIsNotShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, end := Group[string, int]{Wait: 1 << 40}, make(chan struct{})
		call := func(ctx context.Context) (int, error) {
			select {
			case <-end:
				return 1, nil
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		}
		first := g.join(t.Context(), "k", call)
		synctest.Wait()
		left := g.join(t.Context(), "k", call)
		synctest.Wait()
		if !g.leave("k", left) {
			t.Fatal("a caller is left")
		}
		fresh := g.join(t.Context(), "k", call)
		if fresh == left {
			t.Error("a new caller shares a call that is being cancelled")
		}
		<-left.done
		if g.join(t.Context(), "k", call) != fresh {
			t.Error("the call that was left took the next with it")
		}
		close(end)
		<-first.done
		<-fresh.done
		synctest.Wait()
		if len(g.next)+len(g.running) != 0 {
			t.Errorf("%d and %d calls are kept", len(g.next), len(g.running))
		}
	})
}
