package fakemds_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
)

// TestHarm sends one request to one agent, about the storage of TestQuirks, and
// looks at the ledger: which harm was done, and whether success did nothing.
func TestHarm(t *testing.T) {
	const login = `"sshPort":22,"sshUsername":"root","sshPassword":"s3cret"`
	for _, row := range []struct {
		name           string
		gen            fakemds.Generation
		endpoint, body string
		harm           string // parts of the entries, split at |; "" for none
		didNothing     bool
	}{
		// client.conf
		{"facts without an address", fakemds.G1, "facts", `{"mdsAddr":"mds-0"}`, "mds.listen.addr=None, was mds.listen.addr=mds-0.fake:6700", false},
		{"facts as today's clients send it", fakemds.G1, "facts", `{"uuid":"u","addr":"mds-0.fake"}`, "mds.listen.addr=None", false},
		{"facts with an empty address", fakemds.G1, "facts", `{"mdsAddr":"mds-0","mdsListenAddr":""}`, "mds.listen.addr=, was", false},
		{"facts with an address", fakemds.G1, "facts", `{"mdsAddr":"mds-0","mdsListenAddr":"a:1"}`, "mds.listen.addr=a:1", false},
		{"facts that only reads", fakemds.G2, "facts", `{"mdsAddr":"mds-0"}`, "", false},
		{"facts of today", fakemds.G9, "facts", `{}`, "", false},

		// None
		{"volume without a name", fakemds.G9, "volume/create", `{"logicalPool":"lp1","size":1}`, "lacks: lp1, None", false},
		{"old volume with a new name", fakemds.G6, "volume/create", `{"logicalPoolName":"lp1","volume":"n","size":1}`, "lacks: lp1, None", false},
		{"clone without a name", fakemds.G9, "volume/clone", `{"path":"cbd:pp1/lp1/v@s1"}`, "lacks: None", false},
		{"snapshot without a name", fakemds.G9, "snapshot/create", `{"path":"cbd:pp1/lp1/c"}`, "lacks: None", false},
		{"block device without a name", fakemds.G9, "vhost/bdev/create", `{"hostIp":"h","logicalPool":"lp1","volume":"v"}`, "lacks: h, None", false},
		{"target of no host", fakemds.G9, "vhost/destroy", `{}`, "lacks: None", false},

		// another thing than the path says
		{"delete of a snapshot path", fakemds.G9, "volume/delete", `{"path":"cbd:pp1/lp1/c@s"}`, "acted on the volume lp1/c", false},
		{"delete with a fourth part", fakemds.G9, "volume/delete", `{"path":"cbd:pp1/lp1/c/x"}`, "behind what the agent reads", false},
		{"delete with a second colon", fakemds.G7e, "volume/delete", `{"path":"cbd:pp1/lp1/c:x"}`, "behind what the agent reads", false},
		{"delete", fakemds.G9, "volume/delete", `{"path":"cbd:pp1/lp1/c"}`, "", false},
		{"old delete", fakemds.G6, "volume/delete", `{"logicalPoolName":"lp1","lunName":"c"}`, "", false},
		{"expand of a snapshot path", fakemds.G9, "volume/expand", `{"path":"cbd:pp1/lp1/v@s1","size":20}`, "acted on the volume lp1/v", false},
		{"expand", fakemds.G9, "volume/expand", `{"path":"cbd:pp1/lp1/v","size":20}`, "", false},
		{"flatten of a snapshot path", fakemds.G9, "volume/flatten", `{"path":"cbd:pp1/lp1/c@s"}`, "acted on the volume lp1/c", false},
		{"snapshot of a snapshot path", fakemds.G9, "snapshot/create", `{"path":"cbd:pp1/lp1/v@s1","snapshot":"new"}`, "acted on the volume lp1/v", false},
		{"query of a snapshot path", fakemds.G9, "volume/query", `{"path":"cbd:pp1/lp1/v@s1"}`, "", false},
		{"rollback with a fourth part", fakemds.G9, "snapshot/rollback", `{"path":"cbd:pp1/lp1/v@s1/x"}`, "behind what the agent reads", false},
		{"rollback", fakemds.G9, "snapshot/rollback", `{"path":"cbd:pp1/lp1/v@s1"}`, "", false},
		{"export of another snapshot", fakemds.G9, "volume/cbdtonbd", `{"path":"cbd:pp1/lp1/v@s1","addr":"a","portRange":"20000:20010"}`, "exported the snapshot s10 for s1", false},
		{"old export of another snapshot", fakemds.G4, "volume/cbdtonbd", `{"installPath":"cbd:pp1/lp1/v@s1"}`, "exported the snapshot s10 for s1", false},
		{"export of a snapshot", fakemds.G9, "volume/cbdtonbd", `{"path":"cbd:pp1/lp1/v@s10","addr":"a","portRange":"20000:20010"}`, "", false},
		{"copy that failed", fakemds.G9, "copy", `{"path":"cbd:pp1/lp1/v@s1","dstVolume":"c","threadContext":{"api":"x"}}`, "deleted the volume lp1/c", false},
		{"copy that failed, no api", fakemds.G9, "copy", `{"path":"cbd:pp1/lp1/v@s1","dstVolume":"c"}`, "", false},
		{"copy to another pool", fakemds.G7e, "copy", `{"path":"cbd:pp1/lp1/v@s1","dstVolume":"d","dstPool":"lp10"}`, "did not read dstPool lp10: copied to lp1/d", false},
		{"copy to its own pool", fakemds.G7e, "copy", `{"path":"cbd:pp1/lp1/v@s1","dstVolume":"d","dstPool":"lp1"}`, "", false},
		{"size in MiB for GiB", fakemds.G6, "volume/create", `{"logicalPoolName":"lp10","lunName":"n","size":2048,"unit":"M"}`, "did not read the unit M: the size is 2048 GiB", false},
		{"expand in MiB for GiB", fakemds.G6z, "volume/expand", `{"logicalPoolName":"lp1","lunName":"v","size":2048,"unit":"M"}`, "did not read the unit M", false},
		{"size in MiB", fakemds.G9, "volume/create", `{"logicalPool":"lp10","volume":"n","size":2048,"unit":"M"}`, "", false},

		// the agent's version
		{"another version", fakemds.G9, "metadata/sync", `{"addr":"a","agentVersion":"5.6.0"}`, "replaced the agentVersion 5.5.0 by 5.6.0", false},
		{"no version", fakemds.G10, "metadata/sync", `{"addr":"a"}`, "replaced the agentVersion 5.5.0 by None", false},
		{"the same version", fakemds.G9, "metadata/sync", `{"addr":"a","agentVersion":"5.5.0"}`, "", false},
		{"a version for one that keeps none", fakemds.G7e, "metadata/sync", `{"addr":"a","agentVersion":"5.6.0"}`, "", false},

		// passwords
		{"password for deploy", fakemds.G9, "vhost/deploy", `{"hostIp":"h",` + login + `}`, "", false},
		{"password for destroy", fakemds.G8, "vhost/destroy", `{"hostIp":"h",` + login + `}`, "", false},
		{"password for destroy, not needed", fakemds.G9, "vhost/destroy", `{"hostIp":"h",` + login + `}`, "password", false},
		{"password for bdev", fakemds.G8, "vhost/bdev/create", `{"hostIp":"h","logicalPool":"lp1","volume":"v","bdevName":"b",` + login + `}`, "", false},
		{"password for bdev, not needed", fakemds.G9, "vhost/bdev/create", `{"hostIp":"h","logicalPool":"lp1","volume":"v","bdevName":"b",` + login + `}`, "password", false},
		{"password for check", fakemds.G10, "vhost/check", `{"hostIp":"h",` + login + `}`, "password", false},
		{"password for the client", fakemds.G10, "client/deploy", `{"ip":"h","port":22,"username":"root","password":"s3cret"}`, "", false},
		{"password inside a field", fakemds.G9, "ping", `{"clusterInfo":{"version":"1.6.2","uuid":"11111111-2222-3333-4444-555555555555"},"hosts":[{"sshPassword":"s3cret"}]}`, "password", false},
		{"no password", fakemds.G9, "vhost/bdev/create", `{"hostIp":"h","logicalPool":"lp1","volume":"v","bdevName":"b","sshPassword":""}`, "", false},

		// the shell
		{"name for the shell", fakemds.G9, "volume/create", `{"logicalPool":"lp1","volume":"n;reboot","size":1}`, "the shell of the node read 'n;reboot'", false},
		{"path for the shell", fakemds.G9, "volume/query", `{"path":"cbd:pp1/lp1/$(reboot)"}`, "the shell of the node read '$(reboot)'", false},
		{"old name for the shell", fakemds.G3, "volume/delete", `{"logicalPoolName":"lp1","lunName":"a b"}`, "the shell of the node read 'a b'", true},
		{"address for the shell", fakemds.G1, "facts", `{"mdsAddr":"mds-0","mdsListenAddr":"a;b"}`, "the shell of the node read 'a;b'|wrote client.conf", false},
		{"user for the shell", fakemds.G8, "vhost/destroy", `{"hostIp":"h","sshPort":22,"sshUsername":"a&b","sshPassword":"p;w"}`, "the shell of the node read 'a&b'", false},
		{"pool that stays in Python", fakemds.G9, "capacity", `{"logicalPoolNames":["a;b"]}`, "", false},

		// success that did nothing
		{"old delete of a path", fakemds.G1, "volume/delete", `{"path":"cbd:pp1/lp1/v"}`, "", true},
		{"delete of a missing volume", fakemds.G9, "volume/delete", `{"path":"cbd:pp1/lp1/x"}`, "", true},
		{"delete of a missing snapshot", fakemds.G9, "snapshot/delete", `{"path":"cbd:pp1/lp1/v@x"}`, "", true},
		{"delete of a volume as a snapshot", fakemds.G9, "snapshot/delete", `{"path":"cbd:pp1/lp1/v"}`, "", true},
		{"snapshot that another one is taken for", fakemds.G9, "snapshot/create", `{"path":"cbd:pp1/lp1/v","snapshot":"s","skipOnExisting":true}`, "", true},
		{"snapshot that exists", fakemds.G9, "snapshot/create", `{"path":"cbd:pp1/lp1/v","snapshot":"s1","skipOnExisting":true}`, "", false},
		{"volume that exists", fakemds.G9, "volume/create", `{"logicalPool":"lp1","volume":"v","size":1,"skipIfExisting":true}`, "", false},
		{"expand to the size that it has", fakemds.G9, "volume/expand", `{"path":"cbd:pp1/lp1/v","size":10}`, "", true},
		{"flatten of no clone", fakemds.G6z, "volume/flatten", `{"path":"cbd:pp1/lp1/v"}`, "", true},
		{"export of nothing", fakemds.G9, "volume/cbdtonbd", `{"path":"cbd:pp1/lp1/x","addr":"a","portRange":"20000:20010"}`, "", true},
		{"end of no export", fakemds.G9, "volume/cleannbd", `{"port":20000}`, "", true},
		{"delete of no block device", fakemds.G10, "vhost/bdev/delete", `{"hostIp":"h","bdevName":"b"}`, "", true},
		{"a failure", fakemds.G9, "snapshot/delete", `{"path":"cbd:pp1/lp1/v@s1"}`, "", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
				prepareQuirks(c)
				start := time.Now()
				newCaller(t, c).call(0, row.endpoint, row.body)
				r := c.Requests()[0]
				if r.DidNothing != row.didNothing {
					t.Errorf("did nothing: %v, want %v", r.DidNothing, row.didNothing)
				}
				want := strings.Split(row.harm, "|")
				if row.harm == "" {
					want = nil
				}
				got := c.Harm()
				if len(got) != len(want) {
					t.Fatalf("harm %v, want %q", got, want)
				}
				for i, h := range got {
					if !strings.Contains(h.What, want[i]) || strings.Contains(h.What, "s3cret") {
						t.Errorf("harm %q, want %q", h.What, want[i])
					}
					if h.Node != c.Node(0).Addr() || h.Endpoint != row.endpoint || h.Request != r.ID || h.At.Before(start) {
						t.Errorf("%+v", h)
					}
				}
			}, fakemds.Generations(row.gen))
		})
	}
}

// TestHarmOfPasswords: also where no handler runs.
func TestHarmOfPasswords(t *testing.T) {
	bubble(t, 2, func(t *testing.T, c *fakemds.Cluster) {
		k := newCaller(t, c)
		const body = `{"hostIp":"h","sshPassword":"s3cret"}`
		task := []string{"taskuuid", "t", "callbackurl", k.url}
		for _, row := range []struct {
			name     string
			node     int
			endpoint string
			body     string
			headers  []string
			harm     bool
		}{
			{"probe of a path that needs it", 0, "vhost/deploy", body, nil, true},
			{"path that is not there", 1, "vhost/deploy", body, task, true},
			{"probe of a path that is not there", 1, "vhost/deploy", body, nil, true},
			{"path of no agent", 0, "nope", body, task, true},
			{"form", 0, "volume/clients", "sshPassword=s3cret", []string{"Content-Type", "application/x-www-form-urlencoded"}, true},
			{"probe without", 0, "vhost/deploy", `{}`, nil, false},
		} {
			c.Node(row.node).ResetLedger()
			if status, _, err := k.post(row.node, row.endpoint, row.body, row.headers...); status < 400 || err != nil {
				t.Errorf("%s: %d, %v", row.name, status, err)
			}
			got := c.Node(row.node).Harm()
			if (len(got) == 1) != row.harm {
				t.Errorf("%s: harm %v", row.name, got)
			}
			if row.harm && (got[0].Endpoint != row.endpoint || strings.Contains(got[0].What, "s3cret")) {
				t.Errorf("%s: %+v", row.name, got[0])
			}
		}
	}, fakemds.Generations(fakemds.G9, fakemds.G10))
}

// TestHarmOfClients: a name reaches the shell only once the agent was synced, and
// not that of a remote volume.
func TestHarmOfClients(t *testing.T) {
	bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
		k := newCaller(t, c)
		k.clients(0, "cbd:pp/lp/a?r=1")
		c.Node(0).Unsync()
		k.clients(0, "cbd:pp/lp/a;b")
		if got := c.Harm(); got != nil {
			t.Errorf("harm %v", got)
		}
		c.Node(0).Sync("5.5.0")
		k.clients(0, "cbd:pp/lp/a;b")
		if got := c.Harm(); len(got) != 1 || got[0].Endpoint != "volume/clients" {
			t.Errorf("harm %v", got)
		}
	})
}

// TestHarmOfCluster is that of all nodes, in order, and a copy.
func TestHarmOfCluster(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *fakemds.Cluster) {
		k := newCaller(t, c)
		for _, node := range []int{2, 0, 2} {
			k.call(node, "facts", `{"mdsAddr":"mds-0"}`)
			time.Sleep(time.Second)
		}
		var nodes []string
		for _, h := range c.Harm() {
			nodes = append(nodes, h.Node)
		}
		if want := []string{c.Node(2).Addr(), c.Node(0).Addr(), c.Node(2).Addr()}; !slices.Equal(nodes, want) {
			t.Errorf("%v, want %v", nodes, want)
		}
		c.Harm()[0].What = ""
		c.Node(2).Harm()[0].What = ""
		if got := c.Harm()[0].What; got == "" {
			t.Error("the ledger was changed from outside")
		}
		confs := fmt.Sprint([]string{c.Node(0).ClientConf(), c.Node(1).ClientConf()})
		if want := "[mds.listen.addr=None mds.listen.addr=mds-0.fake:6700,mds-1.fake:6700,mds-2.fake:6700]"; confs != want {
			t.Errorf("client.conf: %s, want %s", confs, want)
		}
		c.Node(2).ResetLedger()
		if got := c.Harm(); len(got) != 1 {
			t.Errorf("after ResetLedger: %v", got)
		}
	}, fakemds.Generations(fakemds.G1))
}
