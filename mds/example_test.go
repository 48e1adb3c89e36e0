package mds_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// One MDS is dead; the call goes on to the next.
func ExampleCall() {
	cluster, err := fakemds.Start(2)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cluster.Close()
	cluster.AddVolume("cbd:pp/pool/vol", "10.0.0.5:9001")
	cluster.Node(0).Inject(fakemds.Refuse)

	caller, err := mds.New(cluster.Addrs(), mds.WithDialContext(cluster.DialContext))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer caller.Close()
	path, err := zbs.ParseCBDPath("cbd:pp/pool/vol")
	if err != nil {
		fmt.Println(err)
		return
	}
	var trace mds.Trace
	answer, err := mds.Call(context.Background(), caller, zbs.GetVolumeClients{Path: path}, mds.TryNext(), mds.Record(&trace))
	fmt.Println(answer.Clients, err)
	for _, attempt := range trace.Attempts {
		fmt.Println(attempt)
	}
	// Output:
	// [10.0.0.5:9001] <nil>
	// mds-0.fake:7763: dial: connection refused
	// mds-1.fake:7763: answered
}

// When nobody answers, one error says what each MDS did.
func ExampleCallError() {
	cluster, err := fakemds.Start(2)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cluster.Close()
	cluster.Node(0).Inject(fakemds.Refuse)
	cluster.Node(1).Inject(fakemds.Status(503))

	caller, err := mds.New(cluster.Addrs(), mds.WithDialContext(cluster.DialContext))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer caller.Close()
	_, err = mds.Call(context.Background(), caller, zbs.Echo{}, mds.TryNext())
	fmt.Println(err)
	fmt.Println(errors.Is(err, mds.ErrAllFailed))
	if walk, ok := errors.AsType[*mds.CallError](err); ok {
		fmt.Println(walk.Attempts[0].Phase, walk.Attempts[0].Sent)
	}
	// Output:
	// echo: 2 MDS tried: mds-0.fake:7763: dial: connection refused; mds-1.fake:7763: wait: HTTP status 503: Service Unavailable
	// true
	// dial false
}

// Which MDS serve?
func ExampleConnect() {
	cluster, err := fakemds.Start(2)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cluster.Close()
	cluster.Node(1).Unsync()
	listener, err := cluster.Listen()
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
	session, err := mds.Connect(context.Background(), caller)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer session.Close()
	for _, status := range session.Status() {
		fmt.Println(status.Addr, status.State, "synced:", status.Agent.Synced())
	}
	// Output:
	// mds-0.fake:7763 connected synced: true
	// mds-1.fake:7763 connected synced: false
}
