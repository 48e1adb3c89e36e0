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

// pools is the Guard's own map of pools. The map of a Service may come from an MDS of
// another cluster, and an agent lists no clients for a wrong physical pool.
type pools struct {
	caller *mds.Caller
	ids    *identities
	silent *silence
	asking coalesce.Group[poolKey, zbs.PoolMap]
	known  atomic.Pointer[poolsOf] // replaced as a whole, never changed
}

// poolKey is a logical pool of a cluster.
type poolKey struct{ cluster, pool string }

// poolsOf are the pools of a cluster, "" for an unknown one.
type poolsOf struct {
	cluster string
	zbs.PoolMap
}

func newPools(caller *mds.Caller, ids *identities, silent *silence) *pools {
	p := &pools{caller: caller, ids: ids, silent: silent}
	p.asking.Wait = hedge
	return p
}

func (p *pools) forget() { p.known.Store(nil) }

// find spells the path as agents take it, by the pools that are known.
func (p *pools) find(path zbs.Path, cluster string) (zbs.CBDPath, error) {
	if known := p.known.Load(); known != nil && known.cluster == cluster {
		return known.CBDPath(path)
	}
	return zbs.CBDPath{}, zbs.ErrUnknownPool
}

// locate finds the physical pool of the path. When it is not known, it asks the MDS
// that named the cluster, or all if the cluster is not known. Equal queries at the
// same time share one.
func (p *pools) locate(ctx context.Context, path zbs.Path, cluster string, span time.Duration) (zbs.CBDPath, error) {
	if cbd, err := p.find(path, cluster); !errors.Is(err, zbs.ErrUnknownPool) {
		return cbd, err
	}
	_, _, err := p.asking.Do(ctx, poolKey{cluster, path.Pool}, func(ctx context.Context) (zbs.PoolMap, error) {
		if _, err := p.find(path, cluster); err == nil {
			return nil, nil // found while this call waited
		}
		pools, err := p.ask(ctx, cluster, span)
		if err == nil {
			p.known.Store(&poolsOf{cluster, pools})
		}
		return pools, err
	})
	if err != nil {
		return zbs.CBDPath{}, fmt.Errorf("find its physical pool: %w", err)
	}
	cbd, err := p.find(path, cluster)
	if errors.Is(err, zbs.ErrUnknownPool) {
		return cbd, fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	return cbd, err
}

// ask asks one MDS after the other: the next one when the last has failed, or has not
// answered for impatience. It takes at most two spans.
func (p *pools) ask(ctx context.Context, cluster string, span time.Duration) (zbs.PoolMap, error) {
	candidates := p.ofCluster(cluster)
	if len(candidates) == 0 {
		return nil, fmt.Errorf("no MDS is known to be of cluster %s", cluster)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*span)
	defer cancel()
	type result struct {
		pools zbs.PoolMap
		err   error
	}
	results := make(chan result, len(candidates))
	begin := func(addr zbs.Addr) {
		capacity, err := mds.Call(ctx, p.caller, zbs.GetCapacity{}, mds.Target(addr), mds.Timeout(min(span, p.caller.AttemptTimeout())))
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

// after is time.After if wanted, and else a channel that never fires.
func after(wanted bool, d time.Duration) <-chan time.Time {
	if !wanted {
		return nil
	}
	return time.After(d)
}

// ofCluster returns the MDS that named the cluster, or all if it is not known. Silent
// ones come last.
func (p *pools) ofCluster(cluster string) []zbs.Addr {
	var quick, silent []zbs.Addr
	for _, id := range p.ids.evidence() {
		if cluster != "" && id.Cluster != cluster {
			continue
		}
		if p.silent.has(id.MDS) {
			silent = append(silent, id.MDS)
		} else {
			quick = append(quick, id.MDS)
		}
	}
	return append(quick, silent...)
}
