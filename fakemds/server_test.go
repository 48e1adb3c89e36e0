package fakemds_test

import (
	"errors"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/zbsclient/zbsclient/fakemds"
)

// serials returns the serial number that the node names in resource/usage and in
// metadata/sync, asked as the address; "" for none.
func serials(o ops, node int, addr string) (usage, sync any) {
	o.t.Helper()
	usage = o.call(node, "resource/usage", `{"addr":"`+addr+`","cgroupNames":["zstone.cs.slice"]}`)["physicalServerSerialNumber"]
	sync = o.call(node, "metadata/sync", `{"addr":"`+addr+`","agentVersion":"5.5.0"}`)["physicalServerSerialNumber"]
	return usage, sync
}

// TestSerialNumber: it is of the server, whatever address the caller gives it.
func TestSerialNumber(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *fakemds.Cluster) {
		o := ops{newCaller(t, c), t}
		c.Node(2).SetServer("SERIAL-mds-1.fake") // one server with two MDS
		for node, want := range []string{"SERIAL-mds-0.fake", "SERIAL-mds-1.fake", "SERIAL-mds-1.fake"} {
			for _, addr := range []string{"10.99.0.1", "10.99.0.2"} {
				if usage, sync := serials(o, node, addr); usage != want || sync != want {
					t.Errorf("node %d as %s: %v in usage, %v in sync, want %s", node, addr, usage, sync, want)
				}
			}
		}
		if err := c.Node(0).Restart(); err != nil {
			t.Fatal(err)
		}
		if usage, _ := serials(o, 0, "a"); usage != "SERIAL-mds-0.fake" {
			t.Errorf("after a restart: %v", usage)
		}
	})
}

// TestNoSerialNumber: an agent that cannot read it fails resource/usage and leaves
// it out of metadata/sync; an older one does not know resource/usage.
func TestNoSerialNumber(t *testing.T) {
	bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
		o := ops{newCaller(t, c), t}
		c.Node(0).SetServer("")
		if usage, sync := serials(o, 0, "a"); usage != nil || sync != nil {
			t.Errorf("%v in usage, %v in sync, want none", usage, sync)
		}
		o.do("resource/usage", `{"cgroupNames":["zstone.cs.slice"]}`, "Physical server serial number is unavailable")
		o.do("metadata/sync", `{"addr":"a","agentVersion":"5.5.0"}`, "")
		c.Node(0).Inject(fakemds.Status(404).On("resource/usage"))
		for _, headers := range [][]string{nil, {"taskuuid", "t", "callbackurl", o.url}} { // asked whether it knows it, and in earnest
			if status, _, err := o.post(0, "resource/usage", `{}`, headers...); status != 404 || err != nil {
				t.Errorf("resource/usage with %v: %d, %v, want 404", headers, status, err)
			}
		}
		o.do("facts", ``, "")
	})
}

// TestSerialNumberOnLoopback: nodes that share an IP are servers of their own.
func TestSerialNumberOnLoopback(t *testing.T) {
	c := fakemds.NewCluster(t, 2, fakemds.OnLoopback())
	o := ops{newCaller(t, c), t}
	first, _ := serials(o, 0, "127.0.0.1")
	second, _ := serials(o, 1, "127.0.0.1")
	if first == second || first == nil || second == nil {
		t.Errorf("%v and %v, want two serial numbers", first, second)
	}
}

// TestAlias: two addresses of one agent, with one state, one server and one ledger.
func TestAlias(t *testing.T) {
	networks := map[string]func(t *testing.T, f func(*testing.T, *fakemds.Cluster)){
		"memory": func(t *testing.T, f func(*testing.T, *fakemds.Cluster)) { bubble(t, 2, f) },
		"loopback": func(t *testing.T, f func(*testing.T, *fakemds.Cluster)) {
			f(t, fakemds.NewCluster(t, 2, fakemds.OnLoopback()))
		},
	}
	for name, run := range networks {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, c *fakemds.Cluster) {
				c.AddVolume(vol, "10.0.0.5")
				o := ops{newCaller(t, c), t}
				n, addrs := c.Node(0), []string{c.Node(0).Addr(), c.Alias(0), c.Alias(0)}
				if len(c.Addrs()) != 2 || addrs[0] == addrs[1] || addrs[1] == addrs[2] {
					t.Errorf("addresses %v of %v", addrs, c.Addrs())
				}
				expect := func(what string, want func(body string, err error) bool) {
					t.Helper()
					for _, addr := range addrs {
						if got, err := o.clientsAt(addr, vol); !want(got, err) {
							t.Errorf("%s: %s at %s: %q, %v", what, vol, addr, got, err)
						}
					}
					o.http.CloseIdleConnections() // the next request meets the listener
				}
				expect("serving", func(got string, err error) bool { return got == openBody && err == nil })
				n.Unsync()
				expect("unsynced", func(got string, err error) bool { return strings.Contains(got, `"clients": []`) && err == nil })
				n.Inject(fakemds.Refuse)
				expect("refusing", func(_ string, err error) bool { return errors.Is(err, syscall.ECONNREFUSED) })
				n.Clear()
				n.Stop()
				expect("stopped", func(_ string, err error) bool { return errors.Is(err, syscall.ECONNREFUSED) })
				late := c.Alias(0)
				if err := n.Start(); err != nil {
					t.Fatal(err)
				}
				n.Sync("5.5.0")
				addrs = append(addrs, late)
				expect("started", func(got string, err error) bool { return got == openBody && err == nil })
				if asked := c.Asked("volume/clients"); asked[0] != 10 || asked[1] != 0 {
					t.Errorf("asked %v, want all 10 at node 0", asked)
				}
			})
		})
	}
}

// TestAliasWithoutConnections: Transport knows the address, too.
func TestAliasWithoutConnections(t *testing.T) {
	c := fakemds.NewCluster(t, 1)
	alias := c.Alias(0)
	for addr, want := range map[string]bool{alias: true, "mds-0-alias-9.fake:7763": false} {
		req, err := http.NewRequest("POST", "http://"+addr+"/zbs/primarystorage/echo", strings.NewReader(""))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.Transport().RoundTrip(req)
		if got := err == nil && resp.StatusCode == 200; got != want {
			t.Errorf("%s answers: %v, %v, want %v", addr, got, err, want)
		}
	}
}
