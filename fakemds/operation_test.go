package fakemds_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
)

// ops sends operations and looks at the storage behind the agent's back.
type ops struct {
	*caller
	t *testing.T
}

// do runs an operation and wants success, or an error that contains fail.
func (o ops) do(endpoint, body, fail string) map[string]any {
	o.t.Helper()
	got := o.call(0, endpoint, body)
	text := fmt.Sprint(got["error"])
	if got["success"] != (fail == "") || !strings.Contains(text, fail) {
		o.t.Errorf("%s %s: got %v, want error %q", endpoint, body, got, fail)
	}
	return got
}

func (o ops) volume(path string) fakemds.VolumeState {
	o.t.Helper()
	v, ok := o.c.Volume(path)
	if !ok {
		o.t.Fatalf("%s is gone", path)
	}
	return v
}

func (o ops) gone(path string) {
	o.t.Helper()
	if v, ok := o.c.Volume(path); ok {
		o.t.Errorf("still there: %+v", v)
	}
}

func operations(t *testing.T, f func(o ops), opts ...fakemds.Option) {
	t.Helper()
	bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
		c.AddPool("lp", "pp")
		f(ops{newCaller(t, c), t})
	}, opts...)
}

func TestLifeOfAVolume(t *testing.T) {
	operations(t, func(o ops) {
		o.do("volume/create", `{"logicalPool":"lp","volume":"a","size":5000,"unit":"M"}`, "")
		o.do("volume/create", `{"logicalPool":"lp","volume":"a","size":1}`, "kFileExists")
		o.do("volume/create", `{"logicalPool":"lp","volume":"a","size":1,"skipIfExisting":true}`, "")
		if v := o.volume("zbs://lp/a"); v.Size != 5000<<20 || v.Path != "cbd:pp/lp/a" {
			t.Errorf("%+v", v)
		}
		o.do("snapshot/create", `{"path":"cbd:pp/lp/a","snapshot":"s1"}`, "")
		o.do("volume/clone", `{"path":"cbd:pp/lp/a@s1","dstVolume":"b"}`, "")
		o.do("copy", `{"path":"cbd:pp/lp/a@s1","dstVolume":"c"}`, "")
		o.do("volume/expand", `{"path":"cbd:pp/lp/a","size":6000,"unit":"M"}`, "")
		if a := o.volume("zbs://lp/a"); a.Size != 6000<<20 || !a.Snapshots[0].Protected {
			t.Errorf("%+v", a)
		}
		if b := o.volume("zbs://lp/b"); b.Parent != "lp/a@s1" || b.Size != 5000<<20 {
			t.Errorf("%+v", b)
		}
		o.do("snapshot/delete", `{"path":"cbd:pp/lp/a@s1"}`, "still in used")
		if a := o.volume("zbs://lp/a"); len(a.Snapshots) != 1 {
			t.Error("a snapshot with a clone was deleted")
		}
		o.do("volume/flatten", `{"path":"cbd:pp/lp/b"}`, "")
		o.do("snapshot/rollback", `{"path":"cbd:pp/lp/a@s1"}`, "")
		if a := o.volume("zbs://lp/a"); a.Size != 5000<<20 || a.Rollbacks != 1 {
			t.Errorf("%+v", a)
		}
		o.do("snapshot/delete", `{"path":"cbd:pp/lp/a@s1"}`, "")
		o.do("volume/delete", `{"path":"cbd:pp/lp/a"}`, "")
		o.gone("zbs://lp/a")
	})
}

// TestWrongPathsHitOtherVolumes keeps the trap as the real agent sets it.
func TestWrongPathsHitOtherVolumes(t *testing.T) {
	for _, path := range []string{"cbd:pp/lp/a@s1", "cbd:pp/lp/a:x", "cbd:pp/lp/a/sub", "cbd:WRONG/lp/a"} {
		operations(t, func(o ops) {
			o.c.AddVolume("zbs://lp/a")
			o.c.AddSnapshot("zbs://lp/a@s1")
			o.do("volume/delete", `{"path":"`+path+`"}`, "")
			o.gone("zbs://lp/a")
		})
	}
}

func TestSubstringNames(t *testing.T) {
	operations(t, func(o ops) {
		o.c.AddPool("lp10", "pp10")
		o.c.AddVolume("zbs://lp/a")
		o.c.AddSnapshot("zbs://lp/a@snap10")
		o.do("snapshot/create", `{"path":"cbd:pp/lp/a","snapshot":"snap1","skipOnExisting":true}`, "")
		if a := o.volume("zbs://lp/a"); len(a.Snapshots) != 1 {
			t.Errorf("%+v", a.Snapshots)
		}
		o.c.AddSnapshot("zbs://lp/a@snap1")
		o.do("volume/cbdtonbd", `{"path":"cbd:pp/lp/a@snap1","portRange":"10600:10601","addr":"h"}`, "")
		o.do("volume/cbdtonbd", `{"path":"cbd:pp/lp/a","portRange":"10600:10601","addr":"h"}`, "")
		o.do("volume/cbdtonbd", `{"path":"cbd:pp/lp/a","portRange":"10600:10601","addr":"h"}`, "no free port")
		o.do("volume/cleannbd", `{"port":10601}`, "")
		want := []fakemds.Export{{Port: 10600, Volume: "lp/a", Snapshot: "snap10"}}
		if got := o.c.Node(0).Exports(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("exports %v, want %v", got, want)
		}
		if got := o.do("volume/create", `{"logicalPool":"lp","volume":"n","size":1}`, ""); got["installPath"] != "cbd:pp10/lp/n" {
			t.Errorf("installPath %v, want the wrong physical pool pp10", got["installPath"])
		}
	})
}

// TestDeleteBusy answers after 153 s, with the snapshots gone; released before
// that, the volume goes too.
func TestDeleteBusy(t *testing.T) {
	for _, row := range []struct {
		release, took time.Duration
		fail          string
	}{
		{time.Hour, 153 * time.Second, "kFileOccupied"},
		{time.Minute, time.Minute, ""},
	} {
		operations(t, func(o ops) {
			o.c.AddVolume("zbs://lp/a", "10.0.0.5")
			o.c.AddSnapshot("zbs://lp/a@s1")
			time.AfterFunc(row.release-time.Millisecond, func() { o.c.CloseClient("zbs://lp/a", "10.0.0.5") })
			start := time.Now()
			o.do("volume/delete", `{"path":"cbd:pp/lp/a"}`, row.fail)
			if took := time.Since(start); took != row.took {
				t.Errorf("took %v, want %v", took, row.took)
			}
			if row.fail == "" {
				o.gone("zbs://lp/a")
			} else if v := o.volume("zbs://lp/a"); len(v.Snapshots) != 0 {
				t.Errorf("snapshots are left: %v", v.Snapshots)
			}
		})
	}
}

func TestDeleteWithClone(t *testing.T) {
	operations(t, func(o ops) {
		o.c.AddVolume("zbs://lp/a")
		o.c.AddSnapshot("zbs://lp/a@s1")
		o.c.AddSnapshot("zbs://lp/a@s2")
		o.c.AddClone("zbs://lp/a@s1", "b")
		o.do("volume/delete", `{"path":"cbd:pp/lp/a"}`, "kFileUnderSnapShot")
		if v := o.volume("zbs://lp/a"); len(v.Snapshots) != 1 || v.Snapshots[0].Name != "s1" {
			t.Errorf("%+v", v.Snapshots)
		}
	})
}

// TestFalseSuccess: when its first look fails, delete claims to be done.
func TestFalseSuccess(t *testing.T) {
	operations(t, func(o ops) {
		o.c.AddVolume("zbs://lp/a")
		o.c.Node(0).Inject(fakemds.StorageError("rpc timeout"))
		o.do("volume/query", `{"path":"cbd:pp/lp/a"}`, "error[rpc timeout]")
		o.do("volume/expand", `{"path":"cbd:pp/lp/a","size":20}`, "error[rpc timeout]")
		o.do("volume/create", `{"logicalPool":"lp","volume":"n","size":1}`, "error[rpc timeout]")
		o.do("volume/delete", `{"path":"cbd:pp/lp/a"}`, "")
		o.volume("zbs://lp/a")
	})
}

// TestCopyCancelDeletes: with threadContext.api a failed copy deletes a volume
// in the source pool that has nothing to do with it.
func TestCopyCancelDeletes(t *testing.T) {
	operations(t, func(o ops) {
		o.c.AddVolume("zbs://lp/a")
		o.c.AddSnapshot("zbs://lp/a@s1")
		o.c.AddVolume("zbs://lp/precious")
		o.do("copy", `{"path":"cbd:pp/lp/a@s1","dstVolume":"precious"}`, "kFileExists")
		o.volume("zbs://lp/precious")
		o.do("copy", `{"path":"cbd:pp/lp/a@s1","dstVolume":"precious","threadContext":{"api":"x"}}`, "kFileExists")
		o.gone("zbs://lp/precious")
	})
}

// TestOptions: what the options change on the wire.
func TestOptions(t *testing.T) {
	operations(t, func(o ops) {
		if got := o.do("facts", ``, ""); got["uuid"] != nil || got["version"] != "1.4.0-2" {
			t.Errorf("facts of an old cluster: %v", got)
		}
	}, fakemds.ClusterID("u", "1.4.0-2"))
	operations(t, func(o ops) {
		o.c.AddVolume("zbs://lp/a")
		o.do("volume/cbdtonbd", `{"path":"cbd:pp/lp/a","portRange":"10600-10601"}`, "")
		o.do("volume/cbdtonbd", `{"path":"cbd:pp/lp/a","portRange":"10600:10601"}`, "invalid literal")
	}, fakemds.DashedPorts())
	bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
		k := newCaller(t, c)
		for path, want := range map[string]int{"/agent/zbs/primarystorage/echo": 200, "/zbs/primarystorage/echo": 404} {
			resp, err := k.http.Get("http://" + c.Node(0).Addr() + path)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("%s: %d, want %d", path, resp.StatusCode, want)
			}
		}
	}, fakemds.WithRoot("/agent"))
}
