package guard_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

// May the volume be opened on host 10.0.0.2?
func ExampleGuard_Check() {
	cluster, err := fakemds.Start(3, fakemds.KeepHeartbeatOpen())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cluster.Close()
	cluster.AddVolume("zbs://pool/vol", "10.0.0.5:9001")
	cluster.AddVolume("zbs://pool/"+guard.HeartbeatVolume, "10.0.0.2:9000", "10.0.0.5:9000")
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

	g := guard.New(caller, guard.MinCanaryHosts(2))
	report, err := g.Check(context.Background(), zbs.Path{Pool: "pool", Volume: "vol"}, guard.AllowHost("10.0.0.2"))
	switch {
	case err == nil:
		fmt.Println("proved free, until", report.ObservedAt.Add(report.ValidFor))
	case errors.Is(err, guard.ErrInUse):
		fmt.Println("no:", err)
	default:
		fmt.Println("treat it as in use:", err)
	}
	// Output:
	// no: volume zbs://pool/vol is open on 10.0.0.5
}
