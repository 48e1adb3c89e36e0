package guard

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// pools is the Guard's own map of pools. The Service's may come from an MDS of
// another cluster, and asked with a wrong physical pool an agent lists nobody.
type pools struct {
	asking *shared
	known  atomic.Pointer[poolsOf] // replaced as a whole, never changed
}

// poolsOf are the pools of the cluster, or of nobody knows which for "".
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

// locate finds the physical pool of the path. When it is not known it asks the
// MDS that named the check's cluster, any if there is no such cluster: one after
// the other, together for two spans of which each has its part, so that one which
// hangs keeps nobody from the next.
func (g *Guard) locate(ctx context.Context, path zbs.Path, c *check) (zbs.CBDPath, error) {
	cluster := c.facts.UUID
	if cbd, err := g.pools.find(path, cluster); !errors.Is(err, zbs.ErrUnknownPool) {
		return cbd, err
	}
	err := g.pools.asking.do(ctx, func() error {
		if _, err := g.pools.find(path, cluster); err == nil {
			return nil // while we waited
		}
		pools, err := g.askPools(ctx, c)
		if err == nil {
			g.pools.known.Store(&poolsOf{cluster, pools})
		}
		return err
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

func (g *Guard) askPools(ctx context.Context, c *check) (zbs.PoolMap, error) {
	var errs []error
	part := 2 * c.terms.Timing.Span / time.Duration(len(c.evidence.MDS))
	for i, addr := range c.evidence.MDS {
		if c.facts.UUID != "" && c.evidence.Identities[i].Cluster != c.facts.UUID {
			continue
		}
		capacity, err := mds.Call(ctx, g.caller, zbs.GetCapacity{}, mds.Target(addr), mds.Timeout(part))
		if err == nil {
			var pools zbs.PoolMap
			if pools, err = capacity.PoolMap(); err == nil {
				return pools, nil
			}
		}
		if errs = append(errs, err); ctx.Err() != nil {
			break
		}
	}
	if len(errs) == 0 {
		return nil, fmt.Errorf("no MDS is known to be of cluster %s", c.facts.UUID)
	}
	return nil, errors.Join(errs...)
}
