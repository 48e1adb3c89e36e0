package volume_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/zbs"
)

func TestCloneFlattenCopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startIdle(t, 2)
		ctx := t.Context()
		info, err := service.Clone(ctx, volume.CloneRequest{Snapshot: idleOld, Volume: fresh})
		if diff := cmp.Diff(volume.Info{Path: fresh, Size: 10 << 30, Parent: idleOld.String()}, info); diff != "" || err != nil {
			t.Errorf("clone: %v (-want +got):\n%s", err, diff)
		}
		for range 2 {
			info, err = service.Flatten(ctx, fresh)
			if err != nil || info.Parent != "" || info.Size != 10<<30 {
				t.Errorf("flatten: %+v, %v", info, err)
			}
		}
		if n := cluster.Executed("volume/flatten"); n != 1 {
			t.Errorf("%d flattens ran, want 1: the second had nothing to do", n)
		}
		copied := zbs.Path{Pool: "lp10", Volume: "copied"}
		info, err = service.Copy(ctx, volume.CloneRequest{Snapshot: idleOld, Volume: copied})
		if diff := cmp.Diff(volume.Info{Path: copied, Size: 10 << 30}, info); diff != "" || err != nil {
			t.Errorf("copy: %v (-want +got):\n%s", err, diff)
		}
		for why, row := range map[string]struct {
			req volume.CloneRequest
			err error
		}{
			"destination exists":       {volume.CloneRequest{Snapshot: idleOld, Volume: fresh}, volume.ErrExists},
			"no such volume":           {volume.CloneRequest{Snapshot: zbs.Path{Pool: "lp1", Volume: "nope", Snapshot: snapID}, Volume: zbs.Path{Pool: "lp1", Volume: "new"}}, volume.ErrNotFound},
			"no snapshot":              {volume.CloneRequest{Snapshot: idle, Volume: zbs.Path{Pool: "lp1", Volume: "new"}}, zbs.ErrInvalidPath},
			"destination a snapshot":   {volume.CloneRequest{Snapshot: idleOld, Volume: idleOld}, zbs.ErrInvalidPath},
			"destination's pool":       {volume.CloneRequest{Snapshot: zbs.Path{Pool: "nope", Volume: "v", Snapshot: snapID}, Volume: zbs.Path{Pool: "nope", Volume: "new"}}, volume.ErrNotFound},
			"a name that may be part":  {volume.CloneRequest{Snapshot: zbs.Path{Pool: "lp1", Volume: "idle", Snapshot: "snap1"}, Volume: zbs.Path{Pool: "lp1", Volume: "new"}}, volume.ErrSnapshotName},
			"missing snapshot refused": {volume.CloneRequest{Snapshot: zbs.Path{Pool: "lp1", Volume: "idle", Snapshot: otherID}, Volume: zbs.Path{Pool: "lp1", Volume: "new"}}, mds.ErrAllFailed},
		} {
			_, err := service.Clone(ctx, row.req)
			if row.err == mds.ErrAllFailed {
				if _, refused := errors.AsType[*zbs.AgentError](err); !refused {
					t.Errorf("%s: clone: %v, want the agent's refusal", why, err)
				}
				continue
			}
			if !errors.Is(err, row.err) {
				t.Errorf("%s: clone: %v, want %v", why, err, row.err)
			}
			if _, err := service.Copy(ctx, row.req); !errors.Is(err, row.err) {
				t.Errorf("%s: copy: %v, want %v", why, err, row.err)
			}
		}
		if _, err := service.Clone(ctx, volume.CloneRequest{Snapshot: idleOld, Volume: copied}); !errors.Is(err, zbs.ErrInvalidPath) {
			t.Errorf("a clone in another pool: %v", err)
		}
		if _, err := service.Flatten(ctx, zbs.Path{Pool: "lp1", Volume: "nope"}); !errors.Is(err, volume.ErrNotFound) {
			t.Errorf("flatten of nothing: %v", err)
		}
	})
}

// A copy may take hours; ending the context ends the waiting, and says that the
// copy may go on.
func TestCopyIsUnbounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startIdle(t, 1)
		cluster.Node(0).Inject(fakemds.Slow(30 * time.Hour).On("copy").Times(1))
		began := time.Now()
		if _, err := service.Copy(t.Context(), volume.CloneRequest{Snapshot: idleOld, Volume: fresh}); err != nil || time.Since(began) != 30*time.Hour {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		cluster.Node(0).Inject(fakemds.Slow(30 * time.Hour).On("copy").Times(1))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err := service.Copy(ctx, volume.CloneRequest{Snapshot: idleOld, Volume: zbs.Path{Pool: "lp1", Volume: "second"}})
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, mds.ErrAmbiguous) {
			t.Errorf("%v, want the caller's deadline and ErrAmbiguous", err)
		}
	})
}

// Of a copy that broke off nobody can tell whether its volume is whole.
func TestCopyOfUnknownEnd(t *testing.T) {
	for name, row := range map[string]struct {
		fault fakemds.Fault
		want  error
	}{
		"volume there":     {fakemds.CallbackLost, mds.ErrAmbiguous},
		"volume not there": {fakemds.Reset, volume.ErrNotDone},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, service := startIdle(t, 1)
				cluster.Node(0).Inject(row.fault.On("copy"))
				_, err := service.Copy(t.Context(), volume.CloneRequest{Snapshot: idleOld, Volume: fresh}, mds.Timeout(time.Minute))
				if !errors.Is(err, row.want) {
					t.Errorf("%v, want %v", err, row.want)
				}
			})
		})
	}
}
