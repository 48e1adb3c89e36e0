package cli

import (
	"context"
	"time"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

// lister asks single MDS who has volumes open, at a pace that they bear.
type lister struct {
	cluster
	bound mds.CallOption // of each question
}

// listPause is between two questions to one MDS: as many as a Guard asks.
const listPause = time.Second / guard.DefaultPerSecond

// newLister returns a lister that knows the pools, and these.
func newLister(ctx context.Context, c cluster) (*lister, []zbs.LogicalPool, error) {
	pools, err := c.Pools(ctx)
	if err != nil {
		return nil, nil, err
	}
	return &lister{c, mds.Timeout(min(guard.DefaultSpan, c.AttemptTimeout()))}, pools, nil
}

// list asks the MDS for the clients of the volume.
func (l *lister) list(ctx context.Context, addr zbs.Addr, path zbs.Path) ([]zbs.Client, error) {
	defer pause(ctx, listPause)
	list, err := l.Clients(ctx, path, mds.Target(addr), l.bound)
	return list.Clients, err
}

// probe finds out how each MDS is.
func (l *lister) probe(ctx context.Context) []mds.Health {
	return askEach(l.Addrs(), func(addr zbs.Addr) mds.Health { return mds.ProbeOne(ctx, l.Caller, addr, l.bound) })
}

// heartbeats are the heartbeat volumes of the pools.
func heartbeats(pools []zbs.LogicalPool) []zbs.Path {
	paths := make([]zbs.Path, len(pools))
	for i, p := range pools {
		paths[i] = zbs.Path{Pool: p.Name, Volume: guard.HeartbeatVolume}
	}
	return paths
}

// pause waits for d, or for the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
