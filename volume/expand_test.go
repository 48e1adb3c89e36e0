package volume_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/zbs"
)

func TestExpand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startIdle(t, 2)
		for _, row := range []struct {
			size, want int64
			err        error
		}{
			{20 << 30, 20 << 30, nil},
			{20 << 30, 20 << 30, nil}, // as it is
			{20<<30 + 1, 20<<30 + 1<<20, nil},
			{5 << 30, 0, volume.ErrSizeDiffers},
			{-1, 0, zbs.ErrInvalidCommand},
		} {
			info, err := service.Expand(t.Context(), volume.ExpandRequest{Path: idle, Size: row.size})
			if info.Size != row.want || !errors.Is(err, row.err) {
				t.Errorf("to %d: %+v, %v; want %d, %v", row.size, info, err, row.want, row.err)
			}
		}
		if n := cluster.Executed("volume/expand"); n != 2 {
			t.Errorf("%d expands ran, want 2", n)
		}
		if _, err := service.Expand(t.Context(), volume.ExpandRequest{Path: fresh, Size: 1 << 30}); !errors.Is(err, volume.ErrNotFound) {
			t.Errorf("%v, want ErrNotFound", err)
		}
	})
}

// An agent may have expanded the volume although it answers an error.
func TestExpandThatHappenedInSpite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startIdle(t, 1)
		cluster.Node(0).Inject(fakemds.Slow(2*time.Second).On("volume/expand"), fakemds.AgentError("timeout").On("volume/expand"))
		go func() {
			time.Sleep(time.Second)
			cluster.SetSize(idle.String(), 20<<30, 0)
		}()
		info, err := service.Expand(t.Context(), volume.ExpandRequest{Path: idle, Size: 20 << 30})
		if err != nil || info.Size != 20<<30 {
			t.Errorf("%+v, %v; want it done", info, err)
		}
	})
}
