package fakemds_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
)

// TestExportOpensVolume: the node that exports a volume is one of its clients
// until cleannbd, and in the list of every node.
func TestExportOpensVolume(t *testing.T) {
	bubble(t, 2, func(t *testing.T, c *fakemds.Cluster) {
		c.AddVolume(vol)
		c.AddSnapshot(vol + "@s1")
		o := ops{newCaller(t, c), t}
		ip := c.Node(0).IP()
		if other := c.Node(1).IP(); ip != "10.99.0.1" || other != "10.99.0.2" {
			t.Errorf("the nodes are %s and %s", ip, other)
		}
		o.do("volume/cbdtonbd", `{"path":"`+vol+`","portRange":"10600:10601"}`, "")
		o.do("volume/cbdtonbd", `{"path":"`+vol+`","portRange":"10600:10601"}`, "")
		if v := o.volume(vol); len(v.Clients) != 2 || v.Clients[0].IP != ip || v.Clients[0] == v.Clients[1] {
			t.Errorf("clients %v, want two of %s", v.Clients, ip)
		}
		if err := c.Node(0).Restart(); err != nil { // the export is a process of its own
			t.Fatal(err)
		}
		for _, row := range []struct {
			ends  string
			lists int
		}{{"", 2}, {"10600", 1}, {"10601", 0}} {
			if row.ends != "" {
				o.do("volume/cleannbd", `{"port":`+row.ends+`}`, "")
			}
			got, err := o.clients(1, vol)
			if err != nil || strings.Count(got, ip) != row.lists {
				t.Errorf("after cleannbd %q: %s, %v, want %d of %s", row.ends, got, err, row.lists, ip)
			}
			if v := o.volume(vol); len(v.Clients) != row.lists {
				t.Errorf("after cleannbd %q it is open at %v", row.ends, v.Clients)
			}
		}
		o.do("snapshot/rollback", `{"path":"`+vol+`@s1"}`, "")
	})
}

// TestExportsUnlisted: the volume is open, and nothing lists it, whatever happens
// to the registry.
func TestExportsUnlisted(t *testing.T) {
	bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
		c.AddVolume(vol)
		o := ops{newCaller(t, c), t}
		o.do("volume/cbdtonbd", `{"path":"`+vol+`","portRange":"10600:10601"}`, "")
		at := func(d time.Duration) fakemds.RegistryDelay {
			return func(string, fakemds.ClientState) time.Duration { return d }
		}
		for what, do := range map[string]func(){
			"at once":     func() {},
			"new leader":  func() { c.SwitchLeader(at(0)) },
			"cut off":     func() { c.CutOff(c.Node(0).IP(), at(time.Hour)) },
			"reconnected": func() { c.CutOff("", at(0)); c.Reconnect("", at(0)) },
		} {
			do()
			if got, err := o.clients(0, vol); err != nil || !strings.Contains(got, `"clients": []`) {
				t.Errorf("%s: %s, %v, want an empty list", what, got, err)
			}
		}
		if v := o.volume(vol); len(v.Clients) != 1 || v.Clients[0].IP != c.Node(0).IP() {
			t.Errorf("open at %v, want %s", v.Clients, c.Node(0).IP())
		}
		o.do("volume/cleannbd", `{"port":10600}`, "")
		if v := o.volume(vol); len(v.Clients) != 0 {
			t.Errorf("open at %v after cleannbd", v.Clients)
		}
	}, fakemds.ExportsUnlisted())
}

// TestExportOfSnapshot opens the snapshot that it really exports, and not the volume.
func TestExportOfSnapshot(t *testing.T) {
	operations(t, func(o ops) {
		o.c.AddVolume("zbs://lp/a")
		o.c.AddSnapshot("zbs://lp/a@snap10")
		o.c.AddSnapshot("zbs://lp/a@snap1")
		o.do("volume/cbdtonbd", `{"path":"cbd:pp/lp/a@snap1","portRange":"10600:10601"}`, "")
		v := o.volume("zbs://lp/a")
		if len(v.Clients) != 0 || len(v.Snapshots[0].Clients) != 1 || len(v.Snapshots[1].Clients) != 0 {
			t.Errorf("%+v, want snap10 open", v)
		}
		if got, err := o.clients(0, "cbd:pp/lp/a"); err != nil || !strings.Contains(got, `"clients": []`) {
			t.Errorf("clients of the volume: %s, %v", got, err)
		}
		o.do("volume/cleannbd", `{"port":10600}`, "")
		if v := o.volume("zbs://lp/a"); len(v.Snapshots[0].Clients) != 0 {
			t.Errorf("%+v after cleannbd", v)
		}
	})
}

// TestExportOfNothing: the agent does not look whether the export runs.
func TestExportOfNothing(t *testing.T) {
	operations(t, func(o ops) {
		o.c.AddVolume("zbs://lp/a")
		o.c.AddVolume("zbs://lp/b")
		o.c.AddSnapshot("zbs://lp/b@s1")
		o.do("volume/cbdtonbd", `{"path":"cbd:pp/lp/nope@s1","portRange":"10600:10601"}`, "'NoneType' object has no attribute 'hasattr'")
		o.do("volume/cbdtonbd", `{"path":"cbd:pp/lp/a@s1","portRange":"10600:10601"}`, "failed to found snapshot for volume[a]")
		for _, path := range []string{"cbd:pp/lp/nope", "cbd:pp/lp/b@zz"} {
			if got := o.do("volume/cbdtonbd", `{"path":"`+path+`","portRange":"10600:10601"}`, ""); fmt.Sprint(got["port"]) != "10600" {
				t.Errorf("%s: %v, want the first port", path, got)
			}
		}
		o.do("volume/cbdtonbd", `{"path":"cbd:pp/lp/a","portRange":"10601:10600"}`, "no free port")
		if got := o.c.Node(0).Exports(); len(got) != 0 {
			t.Errorf("exports %v, want none", got)
		}
	})
}
