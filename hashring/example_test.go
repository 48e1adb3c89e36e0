package hashring_test

import (
	"context"
	"fmt"

	"github.com/zbsclient/zbsclient/hashring"
)

func ExampleRing_Owner() {
	r := hashring.New(hashring.Default, "mds-a", "mds-b", "mds-c")
	owner, ok := r.Owner("pool/volume-42")
	fmt.Println(owner, ok)

	_, ok = new(hashring.Ring).Owner("pool/volume-42") // an empty ring
	fmt.Println(ok)
	// Output:
	// mds-c true
	// false
}

func ExampleRing_Walk() {
	r := hashring.New(hashring.Default, "mds-a", "mds-b", "mds-c")
	for node := range r.Walk("pool/volume-42") {
		fmt.Println("ask", node)
	}
	// Output:
	// ask mds-c
	// ask mds-b
	// ask mds-a
}

func ExampleRing_AppendOwners() {
	r := hashring.New(hashring.Default, "mds-a", "mds-b", "mds-c", "mds-d")
	var buf [3]string // no allocation
	fmt.Println(r.AppendOwners(buf[:0], "pool/volume-42", 3))
	// Output:
	// [mds-d mds-c mds-b]
}

func ExampleRing_SetWeight() {
	r := hashring.New(hashring.Default, "small", "large")
	if err := r.SetWeight("large", 3); err != nil {
		fmt.Println(err)
	}
	for _, flow := range hashring.Diff(new(hashring.Ring), r).Flows {
		fmt.Printf("%s has %.0f %% of the keys\n", flow.To, 100*flow.Share)
	}
	// Output:
	// large has 75 % of the keys
	// small has 25 % of the keys
}

func ExampleDiff() {
	old := hashring.New(hashring.Default, "a", "b", "c")
	grown := old.Clone()
	grown.Add("d")
	d := hashring.Diff(old, grown, "vol-1", "vol-2", "vol-3", "vol-4", "vol-5", "vol-6")
	fmt.Printf("%.2f of all keys move\n", d.Share)
	for _, m := range d.Keys {
		fmt.Println(m.Key, "from", m.From, "to", m.To)
	}
	// Output:
	// 0.25 of all keys move
	// vol-4 from a to d
}

func ExampleZStack() {
	// Which management node handles a resource, by their UUIDs.
	r := hashring.New(hashring.ZStack, "998fd6d32ee4454192595b0a09b03a98", "cb067069d7af4f9792dcacc196954b2e")
	owner, _ := r.Owner("5ecaa4bab4bc425fb07a1733206bc582")
	fmt.Println(owner)
	// Output:
	// 998fd6d32ee4454192595b0a09b03a98
}

func ExampleMembership() {
	ctx := context.Background()
	m, err := hashring.NewMembership("node-1", hashring.Static(
		hashring.Node{ID: "node-1", Addr: "10.0.0.1:8080"},
		hashring.Node{ID: "node-2", Addr: "10.0.0.2:8080"},
	))
	if err != nil {
		fmt.Println(err)
		return
	}
	m.Observe(func(e hashring.Event) { fmt.Println(e.Node.ID, "joined:", e.Joined, "because", e.Reason) })
	if err := m.Heartbeat(ctx); err != nil { // or go m.Run(ctx)
		fmt.Println(err)
	}
	for _, volume := range []string{"vol-1", "vol-3"} {
		if m.OwnedByUs(volume) {
			fmt.Println("attach", volume)
			continue
		}
		owner, _ := m.Owner(volume)
		node, err := m.NodeInfo(ctx, owner)
		fmt.Println("forward", volume, "to", node.Addr, err)
	}
	m.Dead()
	fmt.Println(m.OwnedByUs("vol-1"), m.OwnedByUs("vol-3"))
	// Output:
	// node-1 joined: true because listed
	// node-2 joined: true because listed
	// attach vol-1
	// forward vol-3 to 10.0.0.2:8080 <nil>
	// node-1 joined: false because told
	// false false
}
