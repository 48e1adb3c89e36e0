package fakemds_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
)

// exchangeOf is a request to an agent of a generation, and the answer.
type exchangeOf struct {
	gen            fakemds.Generation
	endpoint, body string
	fail           string // part of the error; "" for success
	want           string // the answer behind success and error, as fmt prints it; "" for any
}

const noneOperand = "'in <string>' requires string as left operand, not NoneType"

// TestQuirks asks agents about a storage with the pools lp1 (in pp1) and lp10 (in
// pp10), the volume lp1/v of 10 GiB with the snapshots s10 and s1, and its clone c.
func TestQuirks(t *testing.T) {
	g := struct{ one, two, three, four, five, six, sixz, seven, sevene, eight, nine, ten fakemds.Generation }{
		fakemds.G1, fakemds.G2, fakemds.G3, fakemds.G4, fakemds.G5, fakemds.G6, fakemds.G6z,
		fakemds.G7, fakemds.G7e, fakemds.G8, fakemds.G9, fakemds.G10,
	}
	const (
		byName = `{"logicalPoolName":"lp1","lunName":"v"}`
		byPath = `{"path":"cbd:pp1/lp1/v"}`
		clone  = `{"path":"cbd:pp1/lp1/c"}`
		login  = `"sshPort":22,"sshUsername":"root","sshPassword":"pw"`
	)
	for _, row := range []exchangeOf{
		{g.one, "facts", `{"mdsAddr":"mds-0","mdsListenAddr":"a:1"}`, "", "map[version:1.6.2]"},
		{g.one, "facts", `{"uuid":"u","addr":"mds-0.fake"}`, noneOperand, ""},
		{g.one, "facts", `{"mdsAddr":"10.9.9.9","mdsListenAddr":"a:1"}`, "10.9.9.9", ""},
		{g.one, "ping", `{"mdsAddr":"mds-0.fake"}`, "", "map[]"},
		{g.one, "ping", `{"mdsAddr":"10.9.9.9"}`, "10.9.9.9", ""},
		{g.one, "ping", ping, noneOperand, ""},
		{g.two, "facts", `{"mdsAddr":"mds-0"}`, "", "map[mdsExternalAddr:mds-0.fake:6700]"},
		{g.two, "facts", `{"addr":"mds-0.fake"}`, noneOperand, ""},
		{g.two, "ping", `{}`, "", "map[]"},
		{g.two, "ping", `{"mdsExternalAddr":""}`, "", "map[]"},
		{g.two, "ping", `{"mdsExternalAddr":"mds-0.fake:6700"}`, "", "map[]"},
		{g.two, "ping", `{"mdsExternalAddr":"10.9.9.9:6700"}`, "10.9.9.9", ""},
		{g.three, "ping", `{"clusterInfo":{"version":"1.6.2","uuid":"another"}}`, "", "map[]"},
		{g.six, "ping", `{`, "", "map[]"},

		{g.three, "capacity", `{"logicalPoolName":"lp1"}`, "", "map[capacity:3298534883328 usedSize:0]"},
		{g.three, "capacity", `{"logicalPoolName":"lp10"}`, "cannot found logical pool[lp10]", ""}, // not in the first physical pool
		{g.three, "capacity", `{}`, noneOperand, ""},
		{g.four, "capacity", `{"logicalPoolName":"p10"}`, "", "pools lp1 lp10"},
		{g.four, "capacity", `{"logicalPoolName":"x"}`, "cannot found logical pool[x]", ""},
		{g.sixz, "capacity", `{"logicalPoolNames":["lp1"]}`, noneOperand, ""},
		{g.sevene, "capacity", `{"logicalPoolNames":["lp1"]}`, noneOperand, ""},
		{g.sevene, "capacity", `{"logicalPoolName":"lp1"}`, noneOperand, ""},
		{g.sevene, "capacity", `{"logicalPool":"lp1"}`, "", "pools lp1 lp10"},
		{g.sevene, "capacity", `{"logicalPool":""}`, "", "pools lp1 lp10"},
		{g.sevene, "capacity", `{"logicalPool":"x"}`, "cannot found logical pool[x]", ""},
		{g.seven, "capacity", `{}`, "", "pools lp1 lp10"},

		{g.one, "volume/query", byName, "", "map[actualSize:0 size:10737418240]"},
		{g.one, "volume/query", byPath, "cannot found lun[None/None] info", ""},
		{g.six, "volume/query", `{"logicalPoolName":"lp1","lunName":"c"}`, "", "map[actualSize:0 size:10737418240]"},
		{g.sixz, "volume/query", clone, "", "map[actualSize:0 parentUri:cbd:pp1/lp1/v@s1 size:10737418240]"},
		{g.sixz, "volume/query", byName, "'NoneType' object has no attribute 'split'", ""},
		{g.sixz, "volume/flatten", clone, "", "map[actualSize:10737418240 size:10737418240]"},
		{g.sixz, "volume/expand", byPath, "failed to expand volume[None]", ""},
		{g.six, "volume/expand", byPath, "failed to expand lun[None]", ""},
		{g.six, "snapshot/rollback", `{"path":"cbd:pp1/lp1/v@s1"}`, "failed to rollback snapshot[None@None]", ""},
		{g.six, "volume/clone", `{"path":"cbd:pp1/lp1/v@s1","dstVolume":"d"}`, "'NoneType' object has no attribute 'hasattr'", ""},
		{g.six, "copy", `{"path":"cbd:pp1/lp1/v@s1","dstVolume":"d"}`, "unsupported operand type(s) for +", ""},
		{g.six, "copy", `{"logicalPoolName":"lp1","lunName":"v","snapshotName":"s1"}`, "can only concatenate str", ""},
		{g.six, "copy", `{"logicalPoolName":"lp1","lunName":"v","snapshotName":"s1","dstLunName":"d"}`, "", "map[installPath:cbd:pp10/lp1/d size:10737418240]"}, // lp1 is a part of lp10 too
		{g.six, "volume/clone", `{"logicalPoolName":"lp1","lunName":"v","snapshotName":"s1","dstLunName":"d"}`, "", "map[actualSize:0 installPath:cbd:pp10/lp1/d size:10737418240]"},
		{g.six, "volume/delete", byPath, "", "map[]"},

		{g.four, "volume/cbdtonbd", `{"installPath":"cbd:pp1/lp1/v","mdsAddr":"m"}`, "", "map[ip:m port:10600]"},
		{g.five, "volume/cbdtonbd", `{"installPath":"cbd:pp1/lp1/v","mdsAddr":"m"}`, "has no attribute 'split'", ""},
		{g.five, "volume/cbdtonbd", `{"installPath":"cbd:pp1/lp1/v","mdsAddr":"m","portRange":"20000:20010"}`, "", "map[ip:m port:20000]"},
		{g.five, "volume/cbdtonbd", `{"path":"cbd:pp1/lp1/v","addr":"m","portRange":"20000:20010"}`, "has no attribute 'split'", ""},
		{g.seven, "volume/cbdtonbd", `{"path":"cbd:pp1/lp1/v","addr":"m","portRange":"20000:20010"}`, "", "map[ip:m port:20000]"},
		{g.two, "client/deploy", `{"clientIp":"h","clientPassword":"pw"}`, "", "map[]"},
		{g.two, "client/deploy", `{"ip":"h","password":"pw"}`, "has no attribute 'replace'", ""},
		{g.seven, "client/deploy", `{"ip":"h","port":22,"username":"root","password":"pw"}`, "", "map[]"},

		{g.seven, "metadata/sync", `{"addr":"a","agentVersion":"5.5.0"}`, "", "map[externalAddr:a:6700]"},
		{g.seven, "ping", ping, "", "map[agentVersion:5.5.0]"},
		{g.seven, "copy", `{"path":"cbd:pp1/lp1/v@s1","dstVolume":"d","dstPool":"lp10"}`, "", "map[installPath:cbd:pp10/lp10/d size:10737418240]"},
		{g.sevene, "ping", ping, "", "map[]"},
		{g.sevene, "ping", `{"clusterInfo":{"version":"1.6.2","uuid":"another"}}`, "cluster uuid does not match", ""},
		{g.sevene, "metadata/sync", `{"addr":"a","agentVersion":"5.6.0"}`, "", "map[externalAddr:a:6700]"},
		{g.sevene, "copy", `{"path":"cbd:pp1/lp1/v@s1","dstVolume":"d","dstPool":"lp10"}`, "", "map[installPath:cbd:pp10/lp1/d size:10737418240]"},
		{g.sevene, "volume/query/batch", `{"installPaths":["cbd:pp1/lp1/v"]}`, "global name 'get_logical_pool_name' is not defined", ""},
		{g.sevene, "volume/query/batch", `{"installPaths":[]}`, "", "map[volumes:map[]]"},
		{g.sevene, "volume/create", `{"logicalPool":"lp10","volume":"n","size":2048,"unit":"M"}`, "", "map[actualSize:0 installPath:cbd:pp10/lp10/n size:2147483648]"},
		{g.sevene, "snapshot/query", byPath, "", "map[hasSnapshot:true installPath:cbd:pp1/lp1/v]"},
		{g.sevene, "snapshot/query", clone, "", "map[hasSnapshot:false installPath:cbd:pp1/lp1/c]"},
		{g.sevene, "snapshot/query", `{"path":"cbd:pp1/lp1/v@s1"}`, "", "map[hasSnapshot:true installPath:cbd:pp1/lp1/v@2]"},
		{g.sevene, "snapshot/query", `{"path":"cbd:pp1/lp1/v@1"}`, "", "map[hasSnapshot:true installPath:cbd:pp1/lp1/v@1]"},
		{g.sevene, "snapshot/query", `{"path":"cbd:pp1/lp1/v@s"}`, "cannot found snapshot[s] for volume[lp1/v]", ""},
		{g.sevene, "snapshot/query", `{"path":"cbd:pp1/lp1/x@s"}`, "cannot found snapshot for volume[lp1/x], error[", ""},

		{g.eight, "vhost/bdev/create", `{"hostIp":"h","logicalPool":"lp1","volume":"v","bdevName":"b"}`, "has no attribute 'replace'", ""},
		{g.eight, "vhost/bdev/create", `{"hostIp":"h","logicalPool":"lp1","volume":"v","bdevName":"b",` + login + `}`, "", "map[socketPath:/var/zbsvhost/sockets/b]"},
		{g.eight, "vhost/bdev/delete", `{"hostIp":"h","bdevName":"b"}`, "has no attribute 'replace'", ""},
		{g.eight, "vhost/bdev/delete", `{"hostIp":"h","bdevName":"b","sshPassword":"pw"}`, "cannot log in", ""},
		{g.eight, "vhost/destroy", `{"hostIp":"h"}`, "has no attribute 'replace'", ""},
		{g.eight, "vhost/deploy", `{"hostIp":"h"}`, "int() argument must be", ""},
		{g.nine, "vhost/deploy", `{"hostIp":"h","sshPort":22}`, "has no attribute 'replace'", ""},
		{g.nine, "vhost/deploy", `{"hostIp":"h",` + login + `}`, "", "map[]"},
		{g.nine, "vhost/destroy", `{"hostIp":"h"}`, "", "map[]"},
		{g.nine, "vhost/bdev/create", `{"hostIp":"h","logicalPool":"lp1","volume":"v","bdevName":"b"}`, "", "map[socketPath:/var/zbsvhost/sockets/b]"},
		{g.ten, "vhost/bdev/delete", `{"hostIp":"h","bdevName":"b"}`, "", "map[]"},
		{g.eight, "metadata/sync", `{"addr":"a","agentVersion":"5.5.0"}`, "", "map[externalAddr:a:6700]"},
		{g.nine, "metadata/sync", `{"addr":"a","agentVersion":"5.5.0"}`, "", "map[externalAddr:a:6700 physicalServerSerialNumber:SERIAL-mds-0.fake]"},
		{g.ten, "resource/usage", `{"cgroupNames":["zstone.share.slice"]}`, "", "map[physicalServerSerialNumber:SERIAL-mds-0.fake usages:[]]"},
	} {
		t.Run(fmt.Sprintf("%v %s %s", row.gen, row.endpoint, row.body), func(t *testing.T) {
			bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
				prepareQuirks(c)
				got := ops{newCaller(t, c), t}.do(row.endpoint, row.body, row.fail)
				if row.fail == "" && answerText(got) != row.want {
					t.Errorf("got %s\nwant %s", answerText(got), row.want)
				}
			}, fakemds.Generations(row.gen))
		})
	}
}

func prepareQuirks(c *fakemds.Cluster) {
	c.AddPool("lp1", "pp1")
	c.AddPool("lp10", "pp10")
	c.AddVolume("zbs://lp1/v")
	c.AddSnapshot("zbs://lp1/v@s10")
	c.AddSnapshot("zbs://lp1/v@s1")
	c.AddClone("zbs://lp1/v@s1", "c")
}

// answerText is an answer without success and error, with whole numbers, and of
// pools only the names.
func answerText(got map[string]any) string {
	rest := map[string]any{}
	for key, v := range got {
		switch v := v.(type) {
		case float64:
			rest[key] = int64(v)
		default:
			rest[key] = v
		}
	}
	delete(rest, "success")
	delete(rest, "error")
	if pools, ok := rest["logicalPoolInfos"].([]any); ok {
		text := "pools"
		for _, p := range pools {
			text += fmt.Sprint(" ", p.(map[string]any)["logicalPoolName"])
		}
		return text
	}
	return fmt.Sprint(rest)
}

// TestQuirkClients: G7e alone does not look whether the volume exists.
func TestQuirkClients(t *testing.T) {
	bubble(t, 4, func(t *testing.T, c *fakemds.Cluster) {
		c.AddVolume(vol, "10.0.0.5")
		k := newCaller(t, c)
		for i := range 4 {
			gen := c.Node(i).Generation()
			if got, err := k.clients(i, vol); got != openBody || err != nil {
				t.Errorf("%v: %s, %v", gen, got, err)
			}
			for _, path := range []string{"cbd:pp/lp/gone", "zbs://lp/vol", "cbd:pp/lp/"} {
				want := `"clients": []`
				if gen == fakemds.G7e {
					want = `"success": false, "error": "failed to get volume[`
				}
				if got, err := k.clients(i, path); !strings.Contains(got, want) || err != nil {
					t.Errorf("%v %s: %s, %v, want %s", gen, path, got, err, want)
				}
			}
			if got, _ := k.clients(i, "cbd:pp/lp/vol?r=1"); !strings.Contains(got, `"clients": []`) {
				t.Errorf("%v, a remote volume: %s", gen, got)
			}
			c.Node(i).Unsync()
			if got, _ := k.clients(i, "cbd:pp/lp/gone"); !strings.Contains(got, `"clients": []`) {
				t.Errorf("%v, not synced: %s", gen, got)
			}
		}
	}, fakemds.Generations(fakemds.G7, fakemds.G7e, fakemds.G9, fakemds.G10))
}

// TestQuirkG7eSync: metadata/sync makes it list, also when the storage becomes able
// to later, and nothing in ping tells.
func TestQuirkG7eSync(t *testing.T) {
	bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
		c.AddVolume(vol, "10.0.0.5")
		o := ops{newCaller(t, c), t}
		o.do("metadata/sync", `{"addr":"a","agentVersion":"5.5.0"}`, "")
		if got, err := o.clients(0, vol); got != openBody || err != nil {
			t.Errorf("%s, %v", got, err)
		}
		o.c.Node(0).SetOldStorage(true)
		o.c.Node(0).SetOldStorage(false)
		if got, err := o.clients(0, vol); got != openBody || err != nil {
			t.Errorf("after an upgrade of the storage: %s, %v", got, err)
		}
		if got := answerText(o.do("ping", ping, "")); got != "map[]" {
			t.Errorf("ping: %s", got)
		}
	}, fakemds.Unsynced(), fakemds.Generations(fakemds.G7e))
}

// TestSnapshotNumbers count the snapshots of a volume, those deleted too, and a
// name that is another snapshot's number finds that one.
func TestSnapshotNumbers(t *testing.T) {
	operations(t, func(o ops) {
		o.c.AddVolume("zbs://lp/a")
		for _, name := range []string{"first", "3", "third"} {
			o.do("snapshot/create", `{"path":"cbd:pp/lp/a","snapshot":"`+name+`"}`, "")
		}
		query := func(name string) any {
			return o.do("snapshot/query", `{"path":"cbd:pp/lp/a@`+name+`"}`, "")["installPath"]
		}
		if got := fmt.Sprint([]any{query("first"), query("3"), query("third")}); got != "[cbd:pp/lp/a@1 cbd:pp/lp/a@2 cbd:pp/lp/a@3]" {
			t.Error(got)
		}
		o.do("snapshot/delete", `{"path":"cbd:pp/lp/a@3"}`, "")
		if got := query("3"); got != "cbd:pp/lp/a@3" {
			t.Errorf("the name of the deleted one is the third's number: %v", got)
		}
		o.c.AddSnapshot("zbs://lp/a@fourth")
		if s := o.volume("zbs://lp/a").Snapshots; s[2].Name != "fourth" || s[2].SeqNum != 4 {
			t.Errorf("%+v", s)
		}
	}, fakemds.Generations(fakemds.G7e))
}

// TestVhostCheck: a target that is not ready costs 20 s, one that gets ready less.
func TestVhostCheck(t *testing.T) {
	operations(t, func(o ops) {
		const host = `{"hostIp":"10.0.0.9"}`
		took := func(fail string) time.Duration {
			start := time.Now()
			o.do("vhost/check", host, fail)
			return time.Since(start)
		}
		running := func() any { return o.do("vhost/target/health", host, "")["targetRunning"] }
		if d := took(""); d != 0 || running() != true {
			t.Errorf("the default: %v, running %v", d, running())
		}
		o.c.SetVhostTarget("10.0.0.9", false)
		if d := took("10.0.0.9"); d != 20*time.Second || running() != false {
			t.Errorf("not running: %v, running %v", d, running())
		}
		o.do("vhost/check", host, "ZStone")
		o.do("vhost/bdev/create", `{"hostIp":"10.0.0.9","logicalPool":"lp","volume":"a","bdevName":"d"}`, "10.0.0.9")
		time.AfterFunc(3*time.Second+time.Millisecond, func() { o.c.SetVhostTarget("10.0.0.9", true) })
		if d := took(""); d != 3500*time.Millisecond {
			t.Errorf("ready after 3 s: %v", d)
		}
		if got := o.do("vhost/target/health", `{}`, "")["targetRunning"]; got != false {
			t.Errorf("no host: running %v", got)
		}
	}, fakemds.Generations(fakemds.G10))
}

// TestVhostDeploy starts and ends the target.
func TestVhostDeploy(t *testing.T) {
	operations(t, func(o ops) {
		const login = `{"hostIp":"10.0.0.9","sshPort":22,"sshUsername":"root","sshPassword":"pw"}`
		const bdev = `{"hostIp":"10.0.0.9","logicalPool":"lp","volume":"a","bdevName":"d"}`
		o.c.AddVolume("zbs://lp/a")
		o.do("vhost/destroy", `{"hostIp":"10.0.0.9"}`, "")
		o.do("vhost/bdev/create", bdev, "failed to create vhost bdev[d]")
		o.do("vhost/deploy", login, "")
		o.do("vhost/bdev/create", bdev, "")
	})
}

// TestMixedCluster: each node answers as its own generation, about one storage.
func TestMixedCluster(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *fakemds.Cluster) {
		c.AddVolume("zbs://lp/old")
		c.AddVolume("zbs://lp/new")
		k := newCaller(t, c)
		for node, want := range []bool{true, false, false} {
			got := k.call(node, "volume/delete", `{"logicalPoolName":"lp","lunName":"old"}`)
			if got["success"] != want {
				t.Errorf("node %d, old fields: %v", node, got)
			}
		}
		for node := range 3 {
			if got := k.call(node, "volume/delete", `{"path":"cbd:pp-lp/lp/new"}`); got["success"] != true {
				t.Errorf("node %d, path: %v", node, got)
			}
		}
		if all := c.Volumes(); len(all) != 0 {
			t.Errorf("still there: %v", all)
		}
		var did []bool
		for _, r := range c.Requests() {
			did = append(did, r.Failure == "" && !r.DidNothing)
		}
		if got := fmt.Sprint(did); got != "[true false false false true false]" {
			t.Errorf("did something: %s", got)
		}
	}, fakemds.Generations(fakemds.G6, fakemds.G7e, fakemds.G9))
}
