package fakemds

import (
	"context"
	"maps"
	"net"
	"slices"
)

// ListenAt lets a test choose the address, so as to listen late.
func ListenAt(c *Cluster, addr string) (net.Listener, error) { return c.mem.listen(addr) }

// EndpointNames are those of all endpoints, in a fixed order.
func EndpointNames() []string { return slices.Sorted(maps.Keys(endpoints)) }

// Execute runs the endpoint on a small cluster, without a network between, and
// without the patience that the deletion of a busy volume takes.
func Execute(endpoint string, body []byte) []byte {
	c, err := Start(1)
	if err != nil {
		panic(err)
	}
	defer c.Close()
	c.AddVolume("cbd:pp2/lp2/v1", "10.0.0.5")
	c.AddSnapshot("zbs://lp2/v1@s1")
	c.AddClone("zbs://lp2/v1@s1", "c1")
	impatient, cancel := context.WithCancel(context.Background())
	cancel()
	x := &exchange{node: c.nodes[0], conn: &conn{life: impatient}, body: body, ep: endpoints[endpoint], rec: &Request{}}
	return x.execute()
}
