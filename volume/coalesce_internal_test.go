package volume

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/zbsclient/zbsclient/zbs"
)

// Who comes when a call was left by all does not share its end, and the end does
// not take the next one with it.
func TestLeftCallIsNotShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c coalescer[int]
		path, end := zbs.Path{Pool: "p", Volume: "v"}, make(chan struct{})
		call := func(ctx context.Context) (int, error) {
			select {
			case <-end:
				return 1, nil
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		}
		first := c.join(t.Context(), path, call)
		synctest.Wait()
		left := c.join(t.Context(), path, call)
		synctest.Wait()
		if !c.leave(path, left) {
			t.Fatal("somebody is left")
		}
		fresh := c.join(t.Context(), path, call)
		if fresh == left {
			t.Error("who comes now shares a call that is being cancelled")
		}
		<-left.done
		if c.join(t.Context(), path, call) != fresh {
			t.Error("the one that was left took the next with it")
		}
		close(end)
		<-first.done
		<-fresh.done
		synctest.Wait()
		if len(c.next)+len(c.running) != 0 {
			t.Errorf("%d and %d calls are kept", len(c.next), len(c.running))
		}
	})
}
