package mds

import (
	"context"
	"slices"
	"sync"

	"github.com/zbsclient/zbsclient/zbs"
)

// Supporting returns the MDS, in the order of the list, of which the agent has the
// endpoint. Agents of which it is not known are asked, all at the same time and for
// at most DefaultMostStagger; no agent runs anything for that (Recognise). An MDS
// that does not tell in time is left out. Only endpoints in which generations differ
// can be told (zbs.Capabilities).
func Supporting(ctx context.Context, c *Caller, e zbs.Endpoint) []zbs.Addr {
	var wg sync.WaitGroup
	for _, n := range c.nodes {
		if n.agent.recall().Knows(e) {
			continue
		}
		wg.Go(func() {
			c.attempt(newTry(ctx, n, DefaultMostStagger), markOp(e), &callConfig{})
		})
	}
	wg.Wait()
	return slices.DeleteFunc(c.Addrs(), func(addr zbs.Addr) bool { return !c.Capabilities(addr).Has(e) })
}
