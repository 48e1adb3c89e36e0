package fakemds

import (
	"context"
	"fmt"
	"net"

	"github.com/zbsclient/zbsclient/fakemds/internal/agent"
)

// ListenAt lets a test choose the address, so as to listen late.
func ListenAt(c *Cluster, addr string) (net.Listener, error) { return c.net.listen(addr) }

// Handler is one endpoint of one generation.
type Handler struct {
	Generation Generation
	Endpoint   string
}

func (h Handler) String() string { return fmt.Sprintf("%v %s", h.Generation, h.Endpoint) }

// Handlers are all of them, in a fixed order.
func Handlers() []Handler {
	var all []Handler
	for _, g := range AllGenerations() {
		for _, name := range agent.Endpoints(agent.Generation(g)) {
			all = append(all, Handler{g, name})
		}
	}
	return all
}

// Execute runs the handler on a small cluster, without a network between, and
// without the patience that the deletion of a busy volume takes.
func Execute(h Handler, body []byte) []byte {
	c, err := Start(1, Generations(h.Generation))
	if err != nil {
		panic(err)
	}
	defer c.Close()
	c.AddVolume("cbd:pp2/lp2/v1", "10.0.0.5")
	c.AddSnapshot("zbs://lp2/v1@s1")
	c.AddClone("zbs://lp2/v1@s1", "c1")
	impatient, cancel := context.WithCancel(context.Background())
	cancel()
	ep := agent.Lookup(agent.Generation(h.Generation), h.Endpoint)
	return ep.Run(impatient, c.nodes[0].agent, agent.Request{Body: body}).Body
}
