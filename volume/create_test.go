package volume_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/internal/mdstest"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/zbs"
)

func TestCreate(t *testing.T) {
	for name, row := range map[string]struct {
		req   volume.CreateRequest
		want  volume.Info
		err   error
		made  int // volumes that the call made
		quiet bool
	}{
		"new":                      {req: volume.CreateRequest{Path: fresh, Size: 20 << 30}, want: volume.Info{Path: fresh, Size: 20 << 30}, made: 1},
		"rounded up to a MiB":      {req: volume.CreateRequest{Path: fresh, Size: 1<<30 + 1}, want: volume.Info{Path: fresh, Size: 1<<30 + 1<<20}, made: 1},
		"exists":                   {req: volume.CreateRequest{Path: idle, Size: 10 << 30}, err: volume.ErrExists, quiet: true},
		"exists, skipped":          {req: volume.CreateRequest{Path: idle, Size: 10 << 30, SkipIfExisting: true}, want: volume.Info{Path: idle, Size: 10 << 30}, quiet: true},
		"exists, of another size":  {req: volume.CreateRequest{Path: idle, Size: 11 << 30, SkipIfExisting: true}, err: volume.ErrSizeDiffers, quiet: true},
		"exists, rounded to a GiB": {req: volume.CreateRequest{Path: idle, Size: 10<<30 - 5, SkipIfExisting: true}, want: volume.Info{Path: idle, Size: 10 << 30}, quiet: true},
		"no such pool":             {req: volume.CreateRequest{Path: zbs.Path{Pool: "lp", Volume: "v"}, Size: 1}, err: volume.ErrNotFound, quiet: true},
		"a snapshot":               {req: volume.CreateRequest{Path: idleOld, Size: 1}, err: zbs.ErrInvalidPath, quiet: true},
		"no size":                  {req: volume.CreateRequest{Path: fresh}, err: zbs.ErrInvalidCommand, quiet: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, service := startIdle(t, 2)
				before := len(cluster.Volumes())
				got, err := service.Create(t.Context(), row.req)
				if diff := cmp.Diff(row.want, got); diff != "" || !errors.Is(err, row.err) {
					t.Errorf("%v, want %v (-want +got):\n%s", err, row.err, diff)
				}
				if made := len(cluster.Volumes()) - before; made != row.made {
					t.Errorf("%d volumes were made, want %d", made, row.made)
				}
				if row.quiet {
					unchanged(t, cluster)
				}
			})
		})
	}
}

// A storage older than 1.6.1 counts in GiB: no byte may be lost.
func TestCreateOnOldStorage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := fakemds.NewCluster(t, 1, fakemds.ClusterID("11111111-2222-3333-4444-555555555555", "1.6.0-7"))
		cluster.AddPool("lp1", "pp1")
		service := volume.NewService(mdstest.Caller(t, cluster))
		info, err := service.Create(t.Context(), volume.CreateRequest{Path: fresh, Size: 1<<30 + 1})
		if err != nil || info.Size != 2<<30 {
			t.Errorf("%+v, %v; want 2 GiB", info, err)
		}
	})
}
