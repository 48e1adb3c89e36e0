package fakemds_test

import (
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
