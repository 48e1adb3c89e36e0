package volume_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/zbs"
)

// With mds.DryRun every change does its reads, shows what it would send, and
// sends nothing.
func TestDryRun(t *testing.T) {
	host := zbs.HostAccess{IP: "10.0.0.9", Port: 22, Username: "root", Password: "hunter2"}
	atHost := `"hostIp":"10.0.0.9","sshPort":22,"sshUsername":"root","sshPassword":"***"`
	clone := volume.CloneRequest{Snapshot: idleOld, Volume: fresh}
	old := "cbd:pp1/lp1/idle@" + snapID
	for name, row := range map[string]struct {
		change func(context.Context, *volume.Service, mds.CallOption) error
		body   string // without the addr
	}{
		"volume/create": {func(ctx context.Context, s *volume.Service, dry mds.CallOption) error {
			return second(s.Create(ctx, volume.CreateRequest{Path: fresh, Size: 1<<30 + 1}, dry))
		}, `{"logicalPool":"lp1","volume":"fresh","size":1025,"unit":"M","skipIfExisting":false}`},
		"volume/delete": {func(ctx context.Context, s *volume.Service, dry mds.CallOption) error {
			return second(s.Delete(ctx, volume.DeleteRequest{Path: idle, Release: volume.Release{Force: true}}, dry))
		}, `{"path":"cbd:pp1/lp1/idle"}`},
		"volume/expand": {func(ctx context.Context, s *volume.Service, dry mds.CallOption) error {
			return second(s.Expand(ctx, volume.ExpandRequest{Path: idle, Size: 20 << 30}, dry))
		}, `{"path":"cbd:pp1/lp1/idle","size":20480,"unit":"M"}`},
		"volume/clone": {func(ctx context.Context, s *volume.Service, dry mds.CallOption) error {
			return second(s.Clone(ctx, clone, dry))
		}, `{"path":"` + old + `","dstVolume":"fresh"}`},
		"copy": {func(ctx context.Context, s *volume.Service, dry mds.CallOption) error {
			return second(s.Copy(ctx, clone, dry))
		}, `{"path":"` + old + `","dstVolume":"fresh"}`},
		"volume/cbdtonbd": {func(ctx context.Context, s *volume.Service, dry mds.CallOption) error {
			return second(s.ExportNBD(ctx, volume.ExportRequest{Path: idleOld, Ports: zbs.PortRange{First: 1, Last: 9}}, dry))
		}, `{"path":"` + old + `","portRange":"1:9"}`},
		"volume/cleannbd": {func(ctx context.Context, s *volume.Service, dry mds.CallOption) error {
			return s.UnexportNBD(ctx, zbs.Addr{Host: "mds-1.fake", Port: zbs.AgentPort}, 10600, dry)
		}, `{"port":10600}`},
		"snapshot/create": {func(ctx context.Context, s *volume.Service, dry mds.CallOption) error {
			return second(s.CreateSnapshot(ctx, volume.SnapshotRequest{Path: idleOld}, dry))
		}, `{"path":"cbd:pp1/lp1/idle","snapshot":"` + snapID + `","skipOnExisting":false}`},
		"snapshot/delete": {func(ctx context.Context, s *volume.Service, dry mds.CallOption) error {
			return s.DeleteSnapshot(ctx, idleOld, dry)
		}, `{"path":"` + old + `"}`},
		"snapshot/rollback": {func(ctx context.Context, s *volume.Service, dry mds.CallOption) error {
			return second(s.Rollback(ctx, volume.RollbackRequest{Path: idleOld, Release: volume.Release{Force: true}}, dry))
		}, `{"path":"` + old + `"}`},
		"client/deploy": {func(ctx context.Context, s *volume.Service, dry mds.CallOption) error {
			return s.DeployClient(ctx, zbs.DeployClient{Host: host}, dry)
		}, `{"ip":"10.0.0.9","port":22,"username":"root","password":"***"}`},
		"vhost/deploy": {func(ctx context.Context, s *volume.Service, dry mds.CallOption) error {
			return s.DeployVhost(ctx, zbs.DeployVhost{Host: host}, dry)
		}, `{` + atHost + `}`},
		"vhost/destroy": {func(ctx context.Context, s *volume.Service, dry mds.CallOption) error {
			return s.DestroyVhost(ctx, zbs.DestroyVhost{Host: host}, dry)
		}, `{` + atHost + `}`},
		"vhost/bdev/create": {func(ctx context.Context, s *volume.Service, dry mds.CallOption) error {
			return second(s.CreateBdev(ctx, zbs.CreateBdev{Host: host, LogicalPool: "lp1", Volume: "idle", Bdev: "b"}, dry))
		}, `{` + atHost + `,"logicalPool":"lp1","volume":"idle","bdevName":"b"}`},
		"vhost/bdev/delete": {func(ctx context.Context, s *volume.Service, dry mds.CallOption) error {
			return s.DeleteBdev(ctx, zbs.DeleteBdev{Host: host, Bdev: "b"}, dry)
		}, `{` + atHost + `,"bdevName":"b"}`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, service := startIdle(t, 2)
				var got mds.Request
				began := time.Now()
				if err := row.change(t.Context(), service, mds.DryRun(&got)); !errors.Is(err, mds.ErrDryRun) || errors.Is(err, mds.ErrAmbiguous) {
					t.Errorf("%v, want ErrDryRun", err)
				}
				if want := got.MDS.URL(zbs.Endpoint{Name: name}); got.URL != want || got.Method != "POST" {
					t.Errorf("%s %s, want POST %s", got.Method, got.URL, want)
				}
				if diff := cmp.Diff(fieldsOf(t, row.body), fieldsOf(t, string(got.Body))); diff != "" {
					t.Errorf("body (-want +got):\n%s", diff)
				}
				if took := time.Since(began); took != 0 {
					t.Errorf("it took %v", took)
				}
				unchanged(t, cluster)
			})
		})
	}
}

// fieldsOf are those of the command: the envelope's are left out.
func fieldsOf(t *testing.T, body string) map[string]any {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(body), &fields); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	delete(fields, "addr")
	return fields
}
