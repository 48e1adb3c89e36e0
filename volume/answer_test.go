package volume_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/zbs"
)

// fields is an agent's answer.
type fields = map[string]any

// startLying is startWith n MDS whose answers of success to the endpoint pass
// through lie.
func startLying(t *testing.T, n int, endpoint string, lie func(*fakemds.Cluster, fields)) (*fakemds.Cluster, *volume.Service) {
	t.Helper()
	cluster := fakemds.NewCluster(t, n)
	addIdle(cluster)
	caller, err := mds.New(cluster.Addrs(), mds.WithTransport(cluster.Transport()), mds.WithMountedCallbacks("http://callback.fake/"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { caller.Close() })
	cluster.HandleCallbacks("callback.fake", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if endpointOf(cluster, r.Header.Get(zbs.HeaderTaskID)) == endpoint {
			var answer fields
			if err := json.NewDecoder(r.Body).Decode(&answer); err != nil {
				t.Error(err)
			}
			if answer["success"] == true {
				lie(cluster, answer)
			}
			body, err := json.Marshal(answer)
			if err != nil {
				t.Error(err)
			}
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		}
		caller.CallbackHandler().ServeHTTP(w, r)
	}))
	return cluster, volume.NewService(caller, volume.WithGuard(&fakeGuard{cluster: cluster}))
}

func endpointOf(cluster *fakemds.Cluster, task string) string {
	for _, q := range cluster.Requests() {
		if q.TaskID == task {
			return q.Endpoint
		}
	}
	return ""
}

// answered are the changes whose answers name what was changed.
var answered = map[string]struct {
	change func(context.Context, *volume.Service) (volume.Info, error)
	want   volume.Info
	path   bool // the answer names one
}{
	"volume/create": {func(ctx context.Context, s *volume.Service) (volume.Info, error) {
		return s.Create(ctx, volume.CreateRequest{Path: fresh, Size: 20 << 30})
	}, volume.Info{Path: fresh, Size: 20 << 30}, true},
	"volume/clone": {func(ctx context.Context, s *volume.Service) (volume.Info, error) {
		return s.Clone(ctx, volume.CloneRequest{Snapshot: idleOld, Volume: fresh})
	}, volume.Info{Path: fresh, Size: 10 << 30, Parent: idleOld.String()}, true},
	"copy": {func(ctx context.Context, s *volume.Service) (volume.Info, error) {
		return s.Copy(ctx, volume.CloneRequest{Snapshot: idleOld, Volume: fresh})
	}, volume.Info{Path: fresh, Size: 10 << 30}, true},
	"volume/expand": {func(ctx context.Context, s *volume.Service) (volume.Info, error) {
		return s.Expand(ctx, volume.ExpandRequest{Path: idle, Size: 20 << 30})
	}, volume.Info{Path: idle, Size: 20 << 30}, false},
	"snapshot/rollback": {func(ctx context.Context, s *volume.Service) (volume.Info, error) {
		return s.Rollback(ctx, volume.RollbackRequest{Path: idleOld})
	}, volume.Info{Path: idle, Size: 10 << 30}, true},
	"snapshot/create": {func(ctx context.Context, s *volume.Service) (volume.Info, error) {
		made, err := s.CreateSnapshot(ctx, volume.SnapshotRequest{Path: idleNew})
		return volume.Info{Path: made.Path, Size: made.Size}, err
	}, volume.Info{Path: idleNew, Size: 10 << 30}, true},
}

var idleNew = zbs.Path{Pool: "lp1", Volume: "idle", Snapshot: otherID}

// An answer that cannot be true is read back: the change was made, so it is a
// success, with what the storage says.
func TestStrangeAnswerIsReadBack(t *testing.T) {
	for endpoint, row := range answered {
		for name, lie := range map[string]func(fields){
			"as it is":       func(fields) {},
			"other path":     func(a fields) { a["installPath"] = "cbd:pp1/lp1/vol" },
			"no path":        func(a fields) { delete(a, "installPath") },
			"empty path":     func(a fields) { a["installPath"] = "" },
			"path of a pool": func(a fields) { a["installPath"] = "cbd:pp1/lp10/" + fresh.Volume },
			"no size":        func(a fields) { delete(a, "size") },
			"zero":           func(a fields) { a["size"] = 0 },
			"negative":       func(a fields) { a["size"] = -(20 << 30) },
			"too small":      func(a fields) { a["size"] = 4096 },
			"absurd":         func(a fields) { a["size"] = 1 << 60 },
			"less than none": func(a fields) { a["actualSize"] = -1 },
			"nothing":        func(a fields) { clear(a) },
		} {
			t.Run(endpoint+", "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					cluster, service := startLying(t, 1, endpoint, func(_ *fakemds.Cluster, a fields) { lie(a) })
					got, err := row.change(t.Context(), service)
					if strings.Contains(name, "path of") || name == "other path" {
						if endpoint == "snapshot/rollback" { // which no query shows
							if !errors.Is(err, mds.ErrAmbiguous) || !strings.Contains(err.Error(), "cbd:pp1/lp1") {
								t.Errorf("%v, want ErrAmbiguous that names the other path", err)
							}
							return
						}
					}
					if endpoint == "copy" {
						got.ActualSize = 0 // only a query tells it
					}
					if diff := cmp.Diff(row.want, got); diff != "" || err != nil {
						t.Errorf("%v (-want +got):\n%s", err, diff)
					}
					if n := cluster.Executed(endpoint); n != 1 && endpoint != "snapshot/create" {
						t.Errorf("executed %d times", n)
					}
				})
			})
		}
	}
}

// When the storage contradicts an agent, the error says what there is.
func TestAnswerThatIsContradicted(t *testing.T) {
	resize := func(path zbs.Path, size int64) func(*fakemds.Cluster, fields) {
		return func(c *fakemds.Cluster, a fields) {
			c.SetSize(path.String(), size, 0)
			a["size"] = size
		}
	}
	vanish := func(c *fakemds.Cluster, a fields) {
		c.RemoveVolume(fresh.String())
		delete(a, "size")
	}
	for name, row := range map[string]struct {
		endpoint string
		lie      func(*fakemds.Cluster, fields)
		want     []error
		text     string
	}{
		"create, too small":            {"volume/create", resize(fresh, 1<<30), []error{volume.ErrNotAsAsked, volume.ErrSizeDiffers, mds.ErrAmbiguous}, "1073741824 bytes, wanted 21474836480"},
		"create, too large":            {"volume/create", resize(fresh, 21<<40), []error{volume.ErrNotAsAsked, volume.ErrSizeDiffers}, "wanted 21474836480"},
		"create, not there":            {"volume/create", vanish, []error{volume.ErrNotDone}, "it is not"},
		"clone, not there":             {"volume/clone", vanish, []error{volume.ErrNotDone}, "it is not"},
		"copy, not there":              {"copy", vanish, []error{volume.ErrNotDone}, "it is not"},
		"copy, too small":              {"copy", func(c *fakemds.Cluster, a fields) { c.SetSize(fresh.String(), 4096, 0); delete(a, "size") }, []error{volume.ErrNotAsAsked}, "4096 bytes"},
		"expand, MiB taken for GiB":    {"volume/expand", resize(idle, 20<<40), []error{volume.ErrNotAsAsked, volume.ErrSizeDiffers}, "21990232555520 bytes, wanted 21474836480"},
		"expand, not grown":            {"volume/expand", resize(idle, 10<<30), []error{volume.ErrNotDone}, "it is not"},
		"rollback, of no size":         {"snapshot/rollback", resize(idle, 0), []error{mds.ErrAmbiguous}, "0 bytes"},
		"rollback, the volume is gone": {"snapshot/rollback", func(c *fakemds.Cluster, a fields) { c.RemoveVolume(idle.String()); clear(a) }, []error{mds.ErrAmbiguous}, "idle"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, service := startLying(t, 1, row.endpoint, row.lie)
				got, err := answered[row.endpoint].change(t.Context(), service)
				for _, want := range row.want {
					if !errors.Is(err, want) {
						t.Errorf("%v, want %v", err, want)
					}
				}
				if got != (volume.Info{}) || err == nil || !strings.Contains(err.Error(), row.text) {
					t.Errorf("%+v, %v; want no volume, and %q", got, err, row.text)
				}
				if errors.Is(err, volume.ErrNotFound) || errors.Is(err, volume.ErrNotDone) && errors.Is(err, mds.ErrAmbiguous) {
					t.Errorf("%v says two things at once", err)
				}
			})
		})
	}
}

// Another program expanded the volume a little further at the same time.
func TestExpandedFurther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, service := startLying(t, 1, "volume/expand", func(c *fakemds.Cluster, a fields) {
			c.SetSize(idle.String(), 30<<30, 0)
			a["size"] = 30 << 30
		})
		info, err := service.Expand(t.Context(), volume.ExpandRequest{Path: idle, Size: 20 << 30})
		if err != nil || info.Size != 30<<30 {
			t.Errorf("%+v, %v; want what there is", info, err)
		}
	})
}

// A clone of a snapshot that is smaller than its volume by now has that size.
func TestCloneOfASmallerSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startIdle(t, 1)
		cluster.SetSize(idle.String(), 20<<30, 0)
		for i, change := range []func(context.Context, volume.CloneRequest, ...mds.CallOption) (volume.Info, error){service.Clone, service.Copy} {
			made := zbs.Path{Pool: "lp1", Volume: fmt.Sprintf("made%d", i)}
			info, err := change(t.Context(), volume.CloneRequest{Snapshot: idleOld, Volume: made})
			if err != nil || info.Size != 10<<30 {
				t.Errorf("%+v, %v; want the 10 GiB of the snapshot", info, err)
			}
		}
	})
}

// An export on a port that was not asked for is not known to be one.
func TestExportOnAStrangePort(t *testing.T) {
	for _, port := range []any{0, -1, 22, nil} {
		synctest.Test(t, func(t *testing.T) {
			_, service := startLying(t, 1, "volume/cbdtonbd", func(_ *fakemds.Cluster, a fields) { a["port"] = port })
			if got, err := service.ExportNBD(t.Context(), volume.ExportRequest{Path: idle, Ports: ports}); !errors.Is(err, mds.ErrAmbiguous) || got != (volume.Export{}) {
				t.Errorf("port %v: %+v, %v; want ErrAmbiguous", port, got, err)
			}
		})
	}
}
