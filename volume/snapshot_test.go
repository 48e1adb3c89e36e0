package volume_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/zbs"
)

func TestSnapshots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startIdle(t, 3)
		ctx := t.Context()
		made := zbs.Path{Pool: "lp1", Volume: "idle", Snapshot: otherID}
		got, err := service.CreateSnapshot(ctx, volume.SnapshotRequest{Path: made})
		if diff := cmp.Diff(volume.Snapshot{Path: made, Size: 10 << 30}, got); diff != "" || err != nil {
			t.Errorf("create: %v (-want +got):\n%s", err, diff)
		}
		if _, err := service.CreateSnapshot(ctx, volume.SnapshotRequest{Path: made}); !errors.Is(err, volume.ErrExists) {
			t.Errorf("again: %v, want ErrExists", err)
		}
		if got, err := service.CreateSnapshot(ctx, volume.SnapshotRequest{Path: made, SkipIfExisting: true}); err != nil || !got.Existed {
			t.Errorf("again, skipped: %+v, %v", got, err)
		}
		if v, _ := cluster.Volume(idle.String()); len(v.Snapshots) != 2 {
			t.Errorf("snapshots %v", v.Snapshots)
		}
		if err := service.DeleteSnapshot(ctx, made); err != nil {
			t.Errorf("delete: %v", err)
		}
		if v, _ := cluster.Volume(idle.String()); len(v.Snapshots) != 1 {
			t.Errorf("snapshots %v", v.Snapshots)
		}
		nope := zbs.Path{Pool: "lp1", Volume: "nope", Snapshot: snapID}
		for what, err := range map[string]error{
			"create":   second(service.CreateSnapshot(ctx, volume.SnapshotRequest{Path: nope})),
			"delete":   service.DeleteSnapshot(ctx, nope),
			"rollback": second(service.Rollback(ctx, volume.RollbackRequest{Path: nope})),
		} {
			if !errors.Is(err, volume.ErrNotFound) || !strings.Contains(err.Error(), "zbs://lp1/nope") {
				t.Errorf("%s: %v, want ErrNotFound that names the volume", what, err)
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

// A snapshot whose maker gave no answer is asked for again elsewhere: the
// storage refuses a name that exists.
func TestSnapshotOfUnknownEnd(t *testing.T) {
	made := zbs.Path{Pool: "lp1", Volume: "idle", Snapshot: otherID}
	for name, row := range map[string]struct {
		fault  fakemds.Fault
		nodes  int // that have the fault
		skip   bool
		before bool // the snapshot was there before
		want   error
		there  bool
	}{
		"never run":                {fakemds.Reset, 2, false, false, nil, true},
		"has run":                  {fakemds.CallbackLost, 2, true, false, nil, true},
		"has run, or was there":    {fakemds.CallbackLost, 2, false, false, mds.ErrAmbiguous, true},
		"was there":                {fakemds.Reset, 2, false, true, mds.ErrAmbiguous, true},
		"was there, skipped":       {fakemds.Reset, 2, true, true, nil, true},
		"nobody answers":           {fakemds.Hang, 3, true, false, mds.ErrAmbiguous, false},
		"nobody answers, executed": {fakemds.HangAfter, 3, true, false, mds.ErrAmbiguous, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, service := startIdle(t, 3)
				if row.before {
					cluster.AddSnapshot(made.String())
				}
				for i := range row.nodes {
					cluster.Node(i).Inject(row.fault.On("snapshot/create"))
				}
				got, err := service.CreateSnapshot(t.Context(), volume.SnapshotRequest{Path: made, SkipIfExisting: row.skip})
				hit := cluster.Asked("snapshot/create")
				if hit[0]+hit[1] == 0 { // the healthy one came first
					if err != nil && !row.before {
						t.Error(err)
					}
					return
				}
				if !errors.Is(err, row.want) {
					t.Errorf("%+v, %v; want %v", got, err, row.want)
				}
				v, _ := cluster.Volume(idle.String())
				if there := len(v.Snapshots) == 2; there != row.there {
					t.Errorf("the snapshot is there: %v, want %v", there, row.there)
				}
			})
		})
	}
}
