package volume

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"golang.org/x/sync/singleflight"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

// Service does what a storage plugin wants done with volumes. It is safe for
// concurrent use; the zero Service is not usable, NewService makes one.
type Service struct {
	caller   *mds.Caller
	pools    atomic.Pointer[listedPools] // replaced as a whole, never changed
	refresh  singleflight.Group
	storage  atomic.Pointer[string] // its version, nil until it is known
	guard    Guard                  // in front of what harms a host with the volume open; nil: none
	clusters clusters
	clients  *coalescer[ClientList]
	queries  *coalescer[Info]

	guardOptions    []guard.CheckOption
	anySnapshotName bool
}

// listedPools are the pools as an MDS listed them.
type listedPools struct {
	zbs.PoolMap
	from zbs.Addr
}

// NewService returns a Service that asks through caller. WithGuard gives it what
// Delete, Rollback and ExportNBD need.
func NewService(caller *mds.Caller, opts ...Option) *Service {
	s := &Service{
		caller:  caller,
		clients: newCoalescer[ClientList](zbs.EndpointVolumeClients),
		queries: newCoalescer[Info](zbs.EndpointVolumeQuery),
	}
	for _, opt := range opts {
		opt(s)
	}
	return s
}

// Option sets how a Service behaves.
type Option func(*Service)

// WithGuard puts g in front of Delete, Rollback and ExportNBD, and gives its checks
// the options. A Service without one refuses these (ErrNoGuard) unless
// Release.Force is set.
func WithGuard(g Guard, opts ...guard.CheckOption) Option {
	return func(s *Service) { s.guard, s.guardOptions = g, opts }
}

// AnySnapshotName lets snapshots be created, cloned and exported whatever the
// length of their names. Without it they must have SnapshotNameLength
// characters: agents find a snapshot by a part of its name, and clone, protect
// or export another one when a name is part of another.
func AnySnapshotName() Option { return func(s *Service) { s.anySnapshotName = true } }

// resolve spells path as agents understand it. The physical pool comes from
// the capacity answer by exact name, because agents match names by substring;
// the answer is kept, and asked for again when a pool is not in it. The error
// wraps ErrNotFound for a pool that the cluster does not have.
func (s *Service) resolve(ctx context.Context, path zbs.Path, opts []mds.CallOption) (zbs.CBDPath, error) {
	if err := path.Validate(); err != nil {
		return zbs.CBDPath{}, err
	}
	if pools := s.pools.Load(); pools != nil {
		if cbd, err := pools.CBDPath(path); !errors.Is(err, zbs.ErrUnknownPool) {
			return cbd, err
		}
	}
	pools, err := s.refreshPools(ctx, opts)
	if err != nil {
		return zbs.CBDPath{}, fmt.Errorf("find its physical pool: %w", err)
	}
	cbd, err := pools.CBDPath(path)
	if errors.Is(err, zbs.ErrUnknownPool) {
		return zbs.CBDPath{}, fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	return cbd, err
}

// refreshPools asks for the pools. Calls with no options of their own that want
// them at the same time share one query; it ends with the context of the first,
// in which case the others ask again.
func (s *Service) refreshPools(ctx context.Context, opts []mds.CallOption) (zbs.PoolMap, error) {
	if len(opts) > 0 {
		return s.askPools(ctx, opts)
	}
	for {
		mine := false
		shared := s.refresh.DoChan("", func() (any, error) {
			mine = true
			return s.askPools(ctx, nil)
		})
		select {
		case r := <-shared:
			if !mine && isContextError(r.Err) && ctx.Err() == nil {
				continue
			}
			pools, _ := r.Val.(zbs.PoolMap)
			return pools, r.Err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func isContextError(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

func (s *Service) askPools(ctx context.Context, opts []mds.CallOption) (zbs.PoolMap, error) {
	if _, err := s.askCapacity(ctx, opts); err != nil {
		return nil, err
	}
	return s.pools.Load().PoolMap, nil
}

// askCapacity asks for the pools and keeps the map of them.
func (s *Service) askCapacity(ctx context.Context, opts []mds.CallOption) (zbs.Capacity, error) {
	var trace mds.Trace
	capacity, err := mds.Call(ctx, s.caller, zbs.GetCapacity{}, s.queryOptions(opts, mds.Record(&trace))...)
	if err != nil {
		return capacity, err
	}
	pools, err := capacity.PoolMap()
	if err != nil {
		return capacity, err
	}
	from, _ := trace.Answered()
	s.pools.Store(&listedPools{pools, from})
	return capacity, nil
}
