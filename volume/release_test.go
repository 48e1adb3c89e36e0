package volume_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

func TestDelete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startProved(t, 3)
		for _, existed := range []bool{true, false} {
			got, err := service.Delete(t.Context(), volume.DeleteRequest{Path: idle})
			if err != nil || got.Existed != existed {
				t.Errorf("%+v, %v; want existed %v", got, err, existed)
			}
		}
		if n := cluster.Executed("volume/delete"); n != 1 {
			t.Errorf("%d deletes ran, want 1", n)
		}
		_, err := service.Delete(t.Context(), volume.DeleteRequest{Path: path})
		inUse, ok := errors.AsType[*guard.InUseError](err)
		if !ok || !errors.Is(err, volume.ErrInUse) || len(inUse.Holders) != 1 || inUse.Holders[0].Host != "kvm-5" {
			t.Errorf("%v, want an InUseError that names kvm-5", err)
		}
		if n := cluster.Executed("volume/delete"); n != 1 {
			t.Error("a volume in use was sent to be deleted")
		}
	})
}

func TestReleaseWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startProved(t, 3)
		cluster.AddSnapshot(path.String() + "@" + snapID)
		rollback := volume.RollbackRequest{
			Path:    zbs.Path{Pool: "lp1", Volume: "vol", Snapshot: snapID},
			Release: volume.Release{Wait: time.Minute, Poll: time.Second},
		}
		began := time.Now()
		_, err := service.Rollback(t.Context(), rollback)
		if !errors.Is(err, volume.ErrNotReleased) || !errors.Is(err, volume.ErrInUse) || time.Since(began) != time.Minute {
			t.Errorf("%v after %v, want ErrNotReleased after 1m", err, time.Since(began))
		}
		unchanged(t, cluster)
		go func() {
			time.Sleep(10500 * time.Millisecond)
			cluster.CloseClient(path.String(), "10.0.0.5")
		}()
		began = time.Now()
		free := guard.DefaultRefresh + guard.DefaultLeaderRetry // between the rounds that prove it
		if _, err := service.Rollback(t.Context(), rollback); err != nil || time.Since(began) != 11*time.Second+free {
			t.Errorf("%v after %v, want success with the poll after the release", err, time.Since(began))
		}
		if v, _ := cluster.Volume(path.String()); v.Rollbacks != 1 {
			t.Errorf("%d rollbacks", v.Rollbacks)
		}
		// A wait that is shorter than the proof takes is no reason to fail.
		if _, err := service.Rollback(t.Context(), volume.RollbackRequest{Path: idleOld, Release: volume.Release{Wait: time.Second}}); err != nil {
			t.Errorf("of a volume that is free: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		cluster.Open(path.String(), "10.0.0.5")
		if _, err := service.Rollback(ctx, rollback); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, volume.ErrNotReleased) {
			t.Errorf("%v, want the caller's own deadline", err)
		}
	})
}

func TestForcedRollback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startIdle(t, 1)
		cluster.AddSnapshot(path.String() + "@" + snapID)
		rollback := volume.RollbackRequest{Path: zbs.Path{Pool: "lp1", Volume: "vol", Snapshot: snapID}, Release: volume.Release{Force: true}}
		_, err := service.Rollback(t.Context(), rollback)
		if _, refused := errors.AsType[*zbs.AgentError](err); !refused || !strings.Contains(err.Error(), "kFileOccupied") {
			t.Errorf("forced on a volume that the storage knows to be open: %v, want its refusal", err)
		}
		cluster.CutOff("10.0.0.5", func(string, fakemds.ClientState) time.Duration { return 0 })
		if _, err := service.Rollback(t.Context(), rollback); err != nil {
			t.Errorf("forced under a writer that nothing lists: %v", err)
		}
	})
}
