package cli

import (
	"context"
	"time"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

// lister asks single MDS which clients have volumes open, as often as a Guard does.
type lister struct {
	cluster
	bound mds.CallOption // the timeout of each query
}

// listPause is the time between two queries to one MDS.
const listPause = time.Second / guard.DefaultPerSecond

// newLister returns a lister and the pools.
func newLister(ctx context.Context, c cluster) (*lister, []zbs.LogicalPool, error) {
	pools, err := c.Pools(ctx)
	if err != nil {
		return nil, nil, err
	}
	return &lister{c, mds.Timeout(min(guard.DefaultSpan, c.AttemptTimeout()))}, pools, nil
}

// list asks the MDS for the clients of the volume, and pauses.
func (l *lister) list(ctx context.Context, addr zbs.Addr, path zbs.Path) ([]zbs.Client, error) {
	defer pause(ctx, listPause)
	list, err := l.Clients(ctx, path, mds.Target(addr), l.bound)
	return list.Clients, err
}

// probe returns the state of each MDS.
func (l *lister) probe(ctx context.Context) []mds.Health {
	return askEach(l.Addrs(), func(addr zbs.Addr) mds.Health { return mds.ProbeOne(ctx, l.Caller, addr, l.bound) })
}

// heartbeats returns the heartbeat volumes of the pools.
func heartbeats(pools []zbs.LogicalPool) []zbs.Path {
	paths := make([]zbs.Path, len(pools))
	for i, p := range pools {
		paths[i] = zbs.Path{Pool: p.Name, Volume: guard.HeartbeatVolume}
	}
	return paths
}
