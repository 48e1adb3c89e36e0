package main

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/zbs"
)

func TestDemo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		if err := demo(t.Context(), &out); err != nil {
			t.Fatal(err)
		}
		want := `open on kvm-1: refused: attach zbs://pool/vol-42 to 10.0.0.2: volume zbs://pool/vol-42 is open on kvm-1
closed: attached at /var/zbsvhost/sockets/vol-42
`
		if out.String() != want {
			t.Errorf("got:\n%s", out.String())
		}
	})
}

// A volume is detached again if another host opens it meanwhile.
func TestAttachIsTakenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := fakemds.NewCluster(t, 3)
		path := zbs.Path{Pool: "pool", Volume: "vol-42"}
		cluster.AddVolume(path.String())
		runMachines(cluster)
		p, closeAll, err := newPlugin(cluster)
		if err != nil {
			t.Fatal(err)
		}
		defer closeAll()
		go func() { // opens it between the check and the end of attach
			for cluster.Executed("vhost/bdev/create") == 0 {
				time.Sleep(10 * time.Millisecond)
			}
			cluster.Open(path.String(), "10.0.0.1")
		}()
		host := zbs.HostAccess{IP: "10.0.0.2", Port: 22, Username: "root", Password: "pw"}
		socket, err := p.attach(t.Context(), path, host)
		if !errors.Is(err, volume.ErrInUse) || socket != "" {
			t.Errorf("%q, %v; want ErrInUse", socket, err)
		}
		if v, _ := cluster.Volume(path.String()); len(v.Clients) != 1 || v.Clients[0].IP != "10.0.0.1" {
			t.Errorf("clients %v, want 10.0.0.1 alone", v.Clients)
		}
	})
}
