package fakemds_test

import (
	"strings"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
)

// TestBdev opens the volume on its host.
func TestBdev(t *testing.T) {
	operations(t, func(o ops) {
		o.c.AddVolume("zbs://lp/a")
		made := o.do("vhost/bdev/create", `{"hostIp":"10.0.0.9","logicalPool":"lp","volume":"a","bdevName":"d"}`, "")
		if made["socketPath"] != "/var/zbsvhost/sockets/d" {
			t.Errorf("%v", made)
		}
		if v := o.volume("zbs://lp/a"); len(v.Clients) != 1 || v.Clients[0].IP != "10.0.0.9" {
			t.Errorf("%+v", v)
		}
		o.do("vhost/bdev/create", `{"hostIp":"10.0.0.9","logicalPool":"lp","volume":"a","bdevName":"d"}`, "")
		if v := o.volume("zbs://lp/a"); len(v.Clients) != 1 {
			t.Errorf("created again: %+v", v)
		}
		o.do("vhost/bdev/create", `{"hostIp":"10.0.0.9","logicalPool":"lp","volume":"x","bdevName":"e"}`, "kFileNotExists")
		o.do("vhost/bdev/delete", `{"hostIp":"10.0.0.9","bdevName":"d"}`, "")
		if v := o.volume("zbs://lp/a"); len(v.Clients) != 0 {
			t.Errorf("%+v", v)
		}
	})
}

// TestRestartVhost: the machine lives and its volume is in no list, until the
// block device is made again.
func TestRestartVhost(t *testing.T) {
	operations(t, func(o ops) {
		const create = `{"hostIp":"10.0.0.9","logicalPool":"lp","volume":"a","bdevName":"d"}`
		o.c.AddVolume("zbs://lp/a", "10.0.0.9:9001") // by a machine of its own, with another protocol
		o.do("vhost/bdev/create", create, "")
		expect := func(what string, open, listed int) {
			t.Helper()
			if v := o.volume("zbs://lp/a"); len(v.Clients) != open {
				t.Errorf("%s: open at %v, want %d clients", what, v.Clients, open)
			}
			if got, err := o.clients(0, "cbd:pp/lp/a"); err != nil || strings.Count(got, "10.0.0.9") != listed {
				t.Errorf("%s: %s, %v, want %d clients", what, got, err, listed)
			}
		}
		at := func(string, fakemds.ClientState) time.Duration { return 0 }
		expect("created", 2, 2)
		o.c.RestartVhost("10.0.0.8")
		expect("another host's container restarted", 2, 2)
		o.c.RestartVhost("10.0.0.9")
		expect("restarted", 2, 1)
		o.c.SwitchLeader(at)
		expect("new leader", 2, 1)
		o.c.CutOff("10.0.0.9", at)
		o.c.Reconnect("10.0.0.9", at)
		expect("reconnected", 2, 1)
		o.do("vhost/bdev/create", create, "")
		expect("created again", 2, 2)
		o.c.RestartVhost("10.0.0.9")
		o.do("vhost/bdev/delete", `{"hostIp":"10.0.0.9","bdevName":"d"}`, "")
		expect("deleted", 1, 1)
	})
}
