package volume_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/internal/mdstest"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/zbs"
)

const vhostIP = "10.0.0.9"

// Whether vhost runs on a host: asked of the MDS that can tell, one refusal decides.
func TestVhostOfAHost(t *testing.T) {
	const g9, g10 = fakemds.G9, fakemds.G10
	none := func(*fakemds.Cluster) {}
	off := func(c *fakemds.Cluster) { c.SetVhostTarget(vhostIP, false) }
	for name, row := range map[string]struct {
		of      [3]fakemds.Generation
		prepare func(*fakemds.Cluster)
		running bool
		refused bool  // the check, by an agent
		err     error // of both
		most    time.Duration
	}{
		"runs":                  {[3]fakemds.Generation{g10, g10, g10}, none, true, false, nil, time.Second},
		"does not run":          {[3]fakemds.Generation{g10, g10, g10}, off, false, true, nil, 21 * time.Second},
		"one can tell":          {[3]fakemds.Generation{g9, fakemds.G8, g10}, none, true, false, nil, time.Second},
		"one can tell that not": {[3]fakemds.Generation{g9, fakemds.G6, g10}, off, false, true, nil, 21 * time.Second},
		"one hangs":             {[3]fakemds.Generation{g10, g10, g10}, func(c *fakemds.Cluster) { c.Node(0).Inject(fakemds.Hang) }, true, false, nil, 2 * time.Second},
		"nobody can tell":       {[3]fakemds.Generation{g9, g9, g9}, none, false, false, zbs.ErrUnsupported, time.Second},
		"all are too old":       {[3]fakemds.Generation{fakemds.G6, fakemds.G6, fakemds.G1}, none, false, false, zbs.ErrAgentTooOld, time.Second},
		"all are down":          {[3]fakemds.Generation{g10, g10, g10}, func(c *fakemds.Cluster) { eachNode(c, fakemds.Refuse) }, false, false, mds.ErrAllFailed, time.Second},
		"all hang":              {[3]fakemds.Generation{g10, g10, g10}, func(c *fakemds.Cluster) { eachNode(c, fakemds.Hang) }, false, false, mds.ErrAllFailed, 3 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, service := startIdle(t, 3)
				generations(cluster, row.of[:]...)
				row.prepare(cluster)
				began := time.Now()
				err := service.CheckVhost(t.Context(), zbs.HostAccess{IP: vhostIP})
				if _, no := errors.AsType[*zbs.AgentError](err); no != row.refused || !row.refused && (!errors.Is(err, row.err) || row.err == nil && err != nil) {
					t.Errorf("check: %v", err)
				}
				if took := time.Since(began); took > row.most {
					t.Errorf("the check took %v", took)
				}
				running, err := service.VhostHealth(t.Context(), vhostIP)
				if running != row.running || !errors.Is(err, row.err) || row.err == nil && err != nil {
					t.Errorf("health: %t, %v", running, err)
				}
				if err != nil && !strings.Contains(err.Error(), vhostIP) {
					t.Errorf("%v names no host", err)
				}
				if harm := cluster.Harm(); harm != nil {
					t.Errorf("harm: %+v", harm)
				}
			})
		})
	}
}

func TestVhostOfNoHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startIdle(t, 1)
		for _, host := range []string{"", "host-1", "10.0.0.5;reboot", "fe80::1%eth0"} {
			if err := service.CheckVhost(t.Context(), zbs.HostAccess{IP: host}); !errors.Is(err, zbs.ErrInvalidCommand) {
				t.Errorf("check %q: %v", host, err)
			}
			if _, err := service.VhostHealth(t.Context(), host); !errors.Is(err, zbs.ErrInvalidCommand) {
				t.Errorf("health %q: %v", host, err)
			}
		}
		if n := len(cluster.Requests()); n != 0 {
			t.Errorf("%d requests were sent", n)
		}
	})
}

// A block device needs no password since G9, and before that says so; the password
// goes to the agents that need it alone.
func TestPasswordOfABlockDevice(t *testing.T) {
	const g8, g9, g10 = fakemds.G8, fakemds.G9, fakemds.G10
	full := zbs.HostAccess{IP: vhostIP, Port: 22, Username: "root", Password: planted}
	address := zbs.HostAccess{IP: vhostIP}
	for name, row := range map[string]struct {
		of   [2]fakemds.Generation
		host zbs.HostAccess
		err  error
		sent bool // the password
	}{
		"G10, address":      {[2]fakemds.Generation{g10, g10}, address, nil, false},
		"G10, password":     {[2]fakemds.Generation{g10, g10}, full, nil, false},
		"G9, address":       {[2]fakemds.Generation{g9, g9}, address, nil, false},
		"G9, password":      {[2]fakemds.Generation{g9, g9}, full, nil, false},
		"G8, address":       {[2]fakemds.Generation{g8, g8}, address, zbs.ErrHostAccess, false},
		"G8, password":      {[2]fakemds.Generation{g8, g8}, full, nil, true},
		"G8 and 9, address": {[2]fakemds.Generation{g8, g9}, address, nil, false},
		"G7e":               {[2]fakemds.Generation{fakemds.G7e, fakemds.G7e}, full, zbs.ErrUnsupported, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, service := startIdle(t, 2)
				generations(cluster, row.of[:]...)
				_, err := service.CreateBdev(t.Context(), zbs.CreateBdev{Host: row.host, LogicalPool: "lp1", Volume: "idle", Bdev: "disk0"})
				if err == nil {
					err = service.DeleteBdev(t.Context(), zbs.DeleteBdev{Host: row.host, Bdev: "disk0"})
				}
				if !errors.Is(err, row.err) || row.err == nil && err != nil || errors.Is(err, mds.ErrAmbiguous) {
					t.Errorf("%v, want %v", err, row.err)
				}
				sent := false
				for _, q := range cluster.Requests() {
					sent = sent || strings.Contains(string(q.Body), "Secr3t")
				}
				if sent != row.sent || cluster.Harm() != nil {
					t.Errorf("the password was sent: %t, want %t; harm %v", sent, row.sent, cluster.Harm())
				}
			})
		})
	}
}

// Agents since G10 deploy no vhost: that is said, and no password leaves for it.
func TestVhostIsNotDeployedWhereItCannotBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startIdle(t, 2)
		generations(cluster, fakemds.G10, fakemds.G10)
		host := zbs.HostAccess{IP: vhostIP, Port: 22, Username: "root", Password: planted}
		for what, err := range map[string]error{
			"deploy":  service.DeployVhost(t.Context(), zbs.DeployVhost{Host: host}),
			"destroy": service.DestroyVhost(t.Context(), zbs.DestroyVhost{Host: host}),
		} {
			if !errors.Is(err, zbs.ErrUnsupported) || !errors.Is(err, errors.ErrUnsupported) || errors.Is(err, mds.ErrAmbiguous) || !strings.Contains(err.Error(), "ZStone") {
				t.Errorf("%s: %v, want ErrUnsupported that names ZStone", what, err)
			}
		}
		for _, q := range cluster.Requests() {
			if !q.Probe {
				t.Errorf("%s was sent", q.Path)
			}
		}
	})
}

// An agent that does not heed the pool of a copy makes it in the wrong one.
func TestTrap10_CopyIntoTheWrongPool(t *testing.T) {
	for _, g := range []fakemds.Generation{fakemds.G7, fakemds.G7e, fakemds.G8} {
		t.Run(g.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, service := startIdle(t, 2)
				generations(cluster, g, g)
				elsewhere := zbs.Path{Pool: "lp10", Volume: "fresh"}
				_, err := service.Copy(t.Context(), volume.CloneRequest{Snapshot: idleOld, Volume: elsewhere})
				if !errors.Is(err, zbs.ErrUnsupported) || errors.Is(err, mds.ErrAmbiguous) {
					t.Errorf("%v, want ErrUnsupported", err)
				}
				for _, path := range []string{elsewhere.String(), fresh.String()} {
					if _, there := cluster.Volume(path); there {
						t.Errorf("%s was made", path)
					}
				}
				cluster.Node(1).SetGeneration(fakemds.G10) // which does it
				time.Sleep(2 * time.Minute)                // until it is recognised again
				if _, err := service.Copy(t.Context(), volume.CloneRequest{Snapshot: idleOld, Volume: elsewhere}); err != nil {
					t.Errorf("with one that can: %v", err)
				}
				if _, there := cluster.Volume(elsewhere.String()); !there || mdstest.Asked(cluster, "copy") != 1 {
					t.Errorf("there: %t, after %d copies", there, mdstest.Asked(cluster, "copy"))
				}
			})
		})
	}
}

func TestHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startIdle(t, 2)
		ctx := t.Context()
		host := zbs.HostAccess{IP: "10.0.0.9", Port: 22, Username: "root", Password: "hunter2"}
		bdev, err := service.CreateBdev(ctx, zbs.CreateBdev{Host: host, LogicalPool: "lp1", Volume: "idle", Bdev: "disk0"})
		if err != nil || bdev.SocketPath == "" {
			t.Errorf("create bdev: %+v, %v", bdev, err)
		}
		if v, _ := cluster.Volume(idle.String()); len(v.Clients) != 1 {
			t.Errorf("clients %v, want the host", v.Clients)
		}
		for what, err := range map[string]error{
			"delete bdev":   service.DeleteBdev(ctx, zbs.DeleteBdev{Host: host, Bdev: "disk0"}),
			"deploy client": service.DeployClient(ctx, zbs.DeployClient{Host: host}),
			"deploy vhost":  service.DeployVhost(ctx, zbs.DeployVhost{Host: host}),
			"destroy vhost": service.DestroyVhost(ctx, zbs.DestroyVhost{Host: host}),
		} {
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		if v, _ := cluster.Volume(idle.String()); len(v.Clients) != 0 {
			t.Errorf("clients %v", v.Clients)
		}
		if _, err := service.CreateBdev(ctx, zbs.CreateBdev{Host: host, LogicalPool: "lp1", Volume: "nope", Bdev: "d"}); !errors.Is(err, volume.ErrNotFound) {
			t.Errorf("bdev of nothing: %v", err)
		}
		addr, _ := zbs.ParseAddr(cluster.Addrs()[1])
		usage, err := service.ResourceUsage(ctx, addr)
		if err != nil || len(usage.Usages) == 0 || cluster.Asked("resource/usage")[1] != 1 {
			t.Errorf("usage: %+v, %v", usage, err)
		}
	})
}
