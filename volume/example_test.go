package volume_test

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

// Who has the volume open?
func ExampleService_Clients() {
	cluster, err := fakemds.Start(3)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cluster.Close()
	cluster.AddVolume("zbs://pool/vol", "10.0.0.5:9001")
	listener, err := cluster.Listen() // where the agents post results
	if err != nil {
		fmt.Println(err)
		return
	}
	caller, err := mds.New(cluster.Addrs(), mds.WithDialContext(cluster.DialContext), mds.WithCallbackListener(listener))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer caller.Close()

	path, err := zbs.ParsePath("zbs://pool/vol")
	if err != nil {
		fmt.Println(err)
		return
	}
	list, err := volume.NewService(caller).Clients(context.Background(), path)
	if err != nil {
		fmt.Println(err) // cannot tell: not the same as nobody
		return
	}
	for _, client := range list.Clients {
		fmt.Println(path, "is open on", client.IP)
	}
	// Output:
	// zbs://pool/vol is open on 10.0.0.5
}

// What is open is not deleted, and what was deleted is looked for.
func ExampleService_Delete() {
	cluster, err := fakemds.Start(3, fakemds.KeepHeartbeatOpen())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cluster.Close()
	cluster.AddVolume("zbs://pool/vol", "10.0.0.5:9001")
	listener, err := cluster.Listen() // where the agents post results
	if err != nil {
		fmt.Println(err)
		return
	}
	caller, err := mds.New(cluster.Addrs(), mds.WithDialContext(cluster.DialContext), mds.WithCallbackListener(listener))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer caller.Close()

	hosts := guard.Hosts{{Name: "kvm-5", Addrs: []netip.Addr{netip.MustParseAddr("10.0.0.5")}}}
	g, err := guard.New(caller, hosts)
	if err != nil {
		fmt.Println(err)
		return
	}
	service := volume.NewService(caller, volume.WithGuard(g))
	path := zbs.Path{Pool: "pool", Volume: "vol"}
	_, err = service.Delete(context.Background(), volume.DeleteRequest{Path: path})
	fmt.Println(err)
	deleted, err := service.Delete(context.Background(), volume.DeleteRequest{Path: zbs.Path{Pool: "pool", Volume: "gone"}})
	fmt.Println(deleted.Existed, err)
	// Output:
	// delete zbs://pool/vol: volume zbs://pool/vol is open on kvm-5
	// false <nil>
}
