package volume

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/internal/coalesce"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// clusterTimeout bounds the query for the cluster of the MDS.
const clusterTimeout = 10 * time.Second

// clusters keeps which cluster each MDS names. An MDS is asked until it names one.
// It is safe for concurrent use.
type clusters struct {
	caller *mds.Caller
	asking coalesce.Group[zbs.Addr, struct{}]

	mu    sync.Mutex // guards named
	named map[zbs.Addr]string
}

func newClusters(caller *mds.Caller) *clusters {
	c := &clusters{caller: caller, named: make(map[zbs.Addr]string)}
	c.asking.Wait = coalesceWait
	return c
}

// known returns the uuid of the cluster of each MDS that has named one.
func (c *clusters) known() map[zbs.Addr]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.named)
}

func (c *clusters) of(addr zbs.Addr) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.named[addr]
}

// askAll asks the MDS that have not named their cluster, until enough returns true.
func (c *clusters) askAll(ctx context.Context, enough func() bool) {
	ctx, cancel := context.WithTimeout(ctx, clusterTimeout)
	defer cancel()
	var wg sync.WaitGroup
	for _, addr := range c.caller.Addrs() {
		wg.Go(func() {
			if c.ask(ctx, addr); enough() {
				cancel()
			}
		})
	}
	wg.Wait()
}

// ask asks one MDS for its cluster, unless it has named it. Calls about one MDS at
// the same time share one query.
func (c *clusters) ask(ctx context.Context, addr zbs.Addr) {
	if c.of(addr) != "" {
		return
	}
	_, _, _ = c.asking.Do(ctx, addr, func(ctx context.Context) (struct{}, error) {
		if c.of(addr) != "" {
			return struct{}{}, nil // named while this call waited
		}
		facts, err := mds.Call(ctx, c.caller, zbs.GetFacts{}, mds.Target(addr), mds.Timeout(clusterTimeout))
		if err == nil && facts.UUID != "" {
			c.mu.Lock()
			c.named[addr] = facts.UUID
			c.mu.Unlock()
		}
		return struct{}{}, err
	})
}

// majority returns the cluster that more than half of all MDS name, or "".
func (c *clusters) majority() string {
	votes := make(map[string]int)
	for _, uuid := range c.known() {
		if votes[uuid]++; votes[uuid] > len(c.caller.Addrs())/2 {
			return uuid
		}
	}
	return ""
}
