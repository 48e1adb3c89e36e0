package fakemds_test

import (
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
)

// An honest agent has none of the quirks that the others have.
func TestHonest(t *testing.T) {
	for _, honest := range []bool{true, false} {
		var opts []fakemds.Option
		if honest {
			opts = append(opts, fakemds.Honest())
		}
		bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
			c.AddPool("lp1", "pp1")
			c.AddPool("lp10", "pp10")
			c.AddVolume("zbs://lp1/v")
			c.AddVolume("zbs://lp1/busy", "10.0.0.5")
			c.AddSnapshot("zbs://lp1/v@snap10")
			k := newCaller(t, c)
			made := k.call(0, "volume/create", `{"logicalPool":"lp1","volume":"new","size":1}`)
			want := map[bool]string{true: "cbd:pp1/lp1/new", false: "cbd:pp10/lp1/new"}[honest]
			if made["installPath"] != want {
				t.Errorf("honest %v: made %v, want %s", honest, made["installPath"], want)
			}
			k.call(0, "snapshot/create", `{"path":"cbd:pp1/lp1/v","snapshot":"snap1","skipOnExisting":true}`)
			if v, _ := c.Volume("zbs://lp1/v"); (len(v.Snapshots) == 2) != honest {
				t.Errorf("honest %v: snapshots %v", honest, v.Snapshots)
			}
			if got := k.call(0, "snapshot/delete", `{"path":"cbd:pp1/lp1/v@nope"}`); got["success"] == honest {
				t.Errorf("honest %v: delete of no snapshot answers %v", honest, got)
			}
			began := time.Now()
			k.call(0, "volume/delete", `{"path":"cbd:pp1/lp1/busy"}`)
			if quick := time.Since(began) < time.Second; quick != honest {
				t.Errorf("honest %v: delete of a busy volume took %v", honest, time.Since(began))
			}
			c.Node(0).Inject(fakemds.StorageError("rpc timeout"))
			if got := k.call(0, "volume/delete", `{"path":"cbd:pp1/lp1/v"}`); got["success"] == honest {
				t.Errorf("honest %v: delete without a look answers %v", honest, got)
			}
		}, opts...)
	}
}
