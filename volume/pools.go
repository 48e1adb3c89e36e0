package volume

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// pools keeps which physical pool lies under each logical one. It asks again when a
// logical pool is not known. It is safe for concurrent use.
type pools struct {
	caller  *mds.Caller
	listed  atomic.Pointer[listedPools] // replaced as a whole, never changed
	unknown *coalescer[string, zbs.PoolMap]
}

// listedPools are the pools as an MDS listed them.
type listedPools struct {
	zbs.PoolMap
	from zbs.Addr
}

func newPools(caller *mds.Caller) *pools {
	return &pools{caller: caller, unknown: newCoalescer[string, zbs.PoolMap](zbs.EndpointCapacity)}
}

// resolve spells path as agents take it. The physical pool comes from the
// capacity answer by exact name, because agents match names by substring. The error
// wraps ErrNotFound for a pool that the cluster does not have.
func (p *pools) resolve(ctx context.Context, path zbs.Path, opts []mds.CallOption) (zbs.CBDPath, error) {
	if err := path.Validate(); err != nil {
		return zbs.CBDPath{}, err
	}
	if cbd, err := p.find(path); !errors.Is(err, zbs.ErrUnknownPool) {
		return cbd, err
	}
	known, err := p.refresh(ctx, path, opts)
	if err != nil {
		return zbs.CBDPath{}, fmt.Errorf("find its physical pool: %w", err)
	}
	cbd, err := known.CBDPath(path)
	if errors.Is(err, zbs.ErrUnknownPool) {
		return zbs.CBDPath{}, fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	return cbd, err
}

// resolveVolume is resolve for a command that takes a volume and no snapshot.
func (p *pools) resolveVolume(ctx context.Context, path zbs.Path, opts []mds.CallOption) (zbs.CBDPath, error) {
	if err := checkVolume(path); err != nil {
		return zbs.CBDPath{}, err
	}
	return p.resolve(ctx, path, opts)
}

// checkVolume accepts the path of a volume, no snapshot.
func checkVolume(path zbs.Path) error {
	if path.IsSnapshot() {
		return fmt.Errorf("%w: it names a snapshot, the volume is %s", zbs.ErrInvalidPath, path.OfVolume())
	}
	return path.Validate()
}

// resolveSnapshot is resolve for a command that takes a snapshot.
func (p *pools) resolveSnapshot(ctx context.Context, path zbs.Path) (zbs.CBDPath, error) {
	if err := checkSnapshot(path); err != nil {
		return zbs.CBDPath{}, err
	}
	return p.resolve(ctx, path, nil)
}

// checkSnapshot accepts the path of a snapshot.
func checkSnapshot(path zbs.Path) error {
	if err := path.Validate(); err != nil {
		return err
	}
	if !path.IsSnapshot() {
		return fmt.Errorf("%w: it names a volume, a snapshot is %s@NAME", zbs.ErrInvalidPath, path)
	}
	return nil
}

// find spells path by the pools that are known.
func (p *pools) find(path zbs.Path) (zbs.CBDPath, error) {
	if listed := p.listed.Load(); listed != nil {
		return listed.CBDPath(path)
	}
	return zbs.CBDPath{}, zbs.ErrUnknownPool
}

// refresh asks for the pools because that of path is not known. Calls without
// options that miss the same pool at the same time share one query. A call that had
// to wait for another one uses its answer if the pool is in it.
func (p *pools) refresh(ctx context.Context, path zbs.Path, opts []mds.CallOption) (zbs.PoolMap, error) {
	if len(opts) > 0 {
		return p.ask(ctx, opts)
	}
	return p.unknown.do(ctx, path.Pool, func(ctx context.Context) (zbs.PoolMap, error) {
		if _, err := p.find(path); err == nil {
			return p.listed.Load().PoolMap, nil
		}
		return p.ask(ctx, nil)
	})
}

func (p *pools) ask(ctx context.Context, opts []mds.CallOption) (zbs.PoolMap, error) {
	_, known, err := p.capacity(ctx, opts)
	return known, err
}

// capacity asks for all pools, and keeps the map of them.
func (p *pools) capacity(ctx context.Context, opts []mds.CallOption) (zbs.Capacity, zbs.PoolMap, error) {
	var trace mds.Trace
	capacity, err := mds.Call(ctx, p.caller, zbs.GetCapacity{}, readOptions(p.caller, opts, mds.Record(&trace))...)
	if err != nil {
		return capacity, nil, err
	}
	known, err := capacity.PoolMap()
	if err != nil {
		return capacity, nil, err
	}
	from, _ := trace.Answered()
	p.listed.Store(&listedPools{known, from})
	return capacity, known, nil
}
