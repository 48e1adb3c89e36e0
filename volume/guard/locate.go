package guard

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/zbsclient/zbsclient/internal/coalesce"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// pools is the Guard's own map of pools. That of a Service may come from an MDS
// of another cluster, and asked with a wrong physical pool an agent lists nobody.
type pools struct {
	asking coalesce.Group[poolKey, zbs.PoolMap]
	known  atomic.Pointer[poolsOf] // replaced as a whole, never changed
}

// poolKey is a logical pool of a cluster.
type poolKey struct{ cluster, pool string }

// poolsOf are the pools of the cluster, or of an unknown one for "".
type poolsOf struct {
	cluster string
	zbs.PoolMap
}

func (p *pools) forget() { p.known.Store(nil) }

// find spells the path as agents understand it, from what is known.
func (p *pools) find(path zbs.Path, cluster string) (zbs.CBDPath, error) {
	if known := p.known.Load(); known != nil && known.cluster == cluster {
		return known.CBDPath(path)
	}
	return zbs.CBDPath{}, zbs.ErrUnknownPool
}

// locate finds the physical pool of the path. When it is not known, it asks the
// MDS that named the check's cluster, or any if no cluster is known.
func (g *Guard) locate(ctx context.Context, path zbs.Path, c *check) (zbs.CBDPath, error) {
	cluster := c.facts.UUID
	if cbd, err := g.pools.find(path, cluster); !errors.Is(err, zbs.ErrUnknownPool) {
		return cbd, err
	}
	_, _, err := g.pools.asking.Do(ctx, poolKey{cluster, path.Pool}, func(ctx context.Context) (zbs.PoolMap, error) {
		if _, err := g.pools.find(path, cluster); err == nil {
			return nil, nil // found while this call waited
		}
		pools, err := g.askPools(ctx, c)
		if err == nil {
			g.pools.known.Store(&poolsOf{cluster, pools})
		}
		return pools, err
	})
	if err != nil {
		return zbs.CBDPath{}, fmt.Errorf("find its physical pool: %w", err)
	}
	cbd, err := g.pools.find(path, cluster)
	if errors.Is(err, zbs.ErrUnknownPool) {
		return cbd, fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	return cbd, err
}

// askPools asks one MDS after the other, the next one when the last has failed or
// has not answered for a hedge. It takes at most two spans.
func (g *Guard) askPools(ctx context.Context, c *check) (zbs.PoolMap, error) {
	candidates := g.ofCluster(c)
	if len(candidates) == 0 {
		return nil, fmt.Errorf("no MDS is known to be of cluster %s", c.facts.UUID)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*c.span())
	defer cancel()
	type result struct {
		pools zbs.PoolMap
		err   error
	}
	results := make(chan result, len(candidates))
	begin := func(addr zbs.Addr) {
		capacity, err := mds.Call(ctx, g.caller, zbs.GetCapacity{}, mds.Target(addr), mds.Timeout(min(c.span(), g.caller.AttemptTimeout())))
		if err != nil {
			results <- result{err: err}
			return
		}
		pools, err := capacity.PoolMap()
		results <- result{pools, err}
	}
	var errs []error
	for asked := 0; len(errs) < len(candidates); {
		if asked < len(candidates) {
			go begin(candidates[asked])
			asked++
		}
		select {
		case r := <-results:
			if r.err == nil {
				return r.pools, nil
			}
			errs = append(errs, r.err)
		case <-after(asked < len(candidates), impatience):
		}
	}
	return nil, errors.Join(errs...)
}

// after is time.After when there is something to wait for, and else never fires.
func after(wanted bool, d time.Duration) <-chan time.Time {
	if !wanted {
		return nil
	}
	return time.After(d)
}

// ofCluster returns the MDS that named the check's cluster, or all if there is no
// such cluster; those that answer come first.
func (g *Guard) ofCluster(c *check) []zbs.Addr {
	var quick, silent []zbs.Addr
	for _, id := range g.ids.evidence() {
		if c.facts.UUID != "" && id.Cluster != c.facts.UUID {
			continue
		}
		if g.silent.has(id.MDS) {
			silent = append(silent, id.MDS)
		} else {
			quick = append(quick, id.MDS)
		}
	}
	return append(quick, silent...)
}
