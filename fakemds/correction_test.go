package fakemds_test

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
)

// The tests of this file hold the fake to what was seen of the real agent.

// TestRollbackOfOpenVolume: the storage refuses it as long as the registry lists a
// client, and cannot refuse it for a client that it does not know.
func TestRollbackOfOpenVolume(t *testing.T) {
	operations(t, func(o ops) {
		o.c.AddVolume("zbs://lp/a", "10.0.0.5")
		o.c.AddSnapshot("zbs://lp/a@s1")
		o.do("snapshot/rollback", `{"path":"cbd:pp/lp/a@s1"}`,
			"failed to rollback snapshot[a@s1], error[Rpc[Rollback] for [lp/a@s1] status code: kFileOccupied]")
		if v := o.volume("zbs://lp/a"); v.Rollbacks != 0 {
			t.Error("it was rolled back")
		}
		o.c.CutOff("10.0.0.5", func(string, fakemds.ClientState) time.Duration { return 50 * time.Second })
		o.do("snapshot/rollback", `{"path":"cbd:pp/lp/a@s1"}`, "kFileOccupied")
		time.Sleep(50 * time.Second)
		o.do("snapshot/rollback", `{"path":"cbd:pp/lp/a@s1"}`, "")
	})
}

// TestDeleteUnderUnlistedWriter: neither can it refuse to delete.
func TestDeleteUnderUnlistedWriter(t *testing.T) {
	operations(t, func(o ops) {
		o.c.AddVolume("zbs://lp/a", "10.0.0.5")
		o.c.CutOff("10.0.0.5", func(string, fakemds.ClientState) time.Duration { return 0 })
		o.do("volume/delete", `{"path":"cbd:pp/lp/a"}`, "")
		o.gone("zbs://lp/a")
	})
}

func TestSnapshotDeleteWithClone(t *testing.T) {
	const stillUsed = "the snapshot[lp/a@s1] is still in used"
	for _, row := range []struct {
		name string
		opts []fakemds.Option
		fail string
	}{
		{"as recorded", nil, stillUsed},
		{"false success", []fakemds.Option{fakemds.SnapshotDeleteLies()}, ""},
		{"honest", []fakemds.Option{fakemds.SnapshotDeleteLies(), fakemds.Honest()}, stillUsed},
	} {
		t.Run(row.name, func(t *testing.T) {
			operations(t, func(o ops) {
				o.c.AddVolume("zbs://lp/a")
				o.c.AddSnapshot("zbs://lp/a@s1")
				o.c.AddClone("zbs://lp/a@s1", "b")
				got := o.do("snapshot/delete", `{"path":"cbd:pp/lp/a@s1"}`, row.fail)
				if text, _ := got["error"].(string); !strings.HasSuffix(text, row.fail) {
					t.Errorf("%q, want it to end in %q", text, row.fail)
				}
				if v := o.volume("zbs://lp/a"); len(v.Snapshots) != 1 {
					t.Error("the snapshot was deleted")
				}
			}, row.opts...)
		})
	}
}

// TestMissingSource: no error text says that the volume does not exist.
func TestMissingSource(t *testing.T) {
	operations(t, func(o ops) {
		for endpoint, body := range map[string]string{
			"volume/clone":    `{"path":"cbd:pp/lp/nope@s1","dstVolume":"b"}`,
			"snapshot/create": `{"path":"cbd:pp/lp/nope","snapshot":"s1"}`,
		} {
			got := o.call(0, endpoint, body)
			if got["error"] != "'NoneType' object has no attribute 'hasattr'" {
				t.Errorf("%s: %v", endpoint, got)
			}
		}
	})
}

// TestShellErrors: where the agent runs a command without looking at its output,
// the command's own text comes back whole.
func TestShellErrors(t *testing.T) {
	operations(t, func(o ops) {
		o.c.AddVolume("zbs://lp/a")
		o.c.AddSnapshot("zbs://lp/a@s1")
		o.c.AddVolume("zbs://lp/busy", "10.0.0.5")
		o.c.AddClone("zbs://lp/a@s1", "b")
		for _, row := range []struct{ endpoint, body, text string }{
			{"volume/clone", `{"path":"cbd:pp/lp/a@s1","dstVolume":"b"}`, "Rpc[Clone] for [lp/a@s1] status code: kFileExists"},
			{"volume/delete", `{"path":"cbd:pp/lp/busy"}`, "Rpc[DeleteFile] for [lp/busy] status code: kFileOccupied"},
			{"volume/delete", `{"path":"cbd:pp/lp/a"}`, "Rpc[DeleteFile] for [lp/a] status code: kFileUnderSnapShot"},
		} {
			want := "failed to execute shell command: /usr/bin/zbs\nreturn code: 1\nstdout: \nstderr: Error: " + row.text + "\n"
			if got := o.call(0, row.endpoint, row.body); got["success"] != false || got["error"] != want {
				t.Errorf("%s %s: %v, want %q", row.endpoint, row.body, got, want)
			}
		}
	})
}

// TestGzipBody: the agent does not decompress, and executes nothing.
func TestGzipBody(t *testing.T) {
	bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
		c.AddVolume(vol)
		k := newCaller(t, c)
		var zipped bytes.Buffer
		w := gzip.NewWriter(&zipped)
		w.Write([]byte(`{"path":"` + vol + `"}`))
		w.Close()
		for _, body := range []string{zipped.String(), `{"path":"` + vol + `"}`} {
			for endpoint, headers := range map[string][]string{
				"volume/clients": nil,
				"volume/delete":  {"taskuuid", "t", "callbackurl", k.url},
			} {
				status, _, err := k.post(0, endpoint, body, append(headers, "Content-Encoding", "gzip")...)
				if status != 500 || err != nil {
					t.Errorf("%s: %d, %v, want 500", endpoint, status, err)
				}
			}
		}
		time.Sleep(time.Second)
		if n := c.Executed(""); n != 0 {
			t.Errorf("%d were executed", n)
		}
	})
}
