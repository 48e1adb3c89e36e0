package volume

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// queriesAtOnce bounds the queries that one QueryAll has in flight: as many as a
// Caller has connections to one MDS.
const queriesAtOnce = mds.DefaultConnections

// Query asks for size and parent of a volume. Errors wrap zbs.ErrInvalidPath
// when path names no volume (nothing is sent), ErrNotFound when the volume or
// its pool does not exist, or are a *mds.CallError. It changes nothing. Calls without
// opts share queries as those of Clients do.
func (s *Service) Query(ctx context.Context, path zbs.Path, opts ...mds.CallOption) (Info, error) {
	if len(opts) > 0 {
		return s.askQuery(ctx, path, opts)
	}
	return s.queries.do(ctx, path, func(ctx context.Context) (Info, error) {
		return s.askQuery(ctx, path, nil)
	})
}

func (s *Service) askQuery(ctx context.Context, path zbs.Path, opts []mds.CallOption) (Info, error) {
	cbd, err := s.pools.resolveVolume(ctx, path, opts)
	if err != nil {
		return Info{}, fmt.Errorf("query %s: %w", path, err)
	}
	answer, err := mds.Call(ctx, s.caller, zbs.QueryVolume{Path: cbd}, readOptions(s.caller, opts, mds.RouteKey(path.String()))...)
	if err != nil {
		return Info{}, fmt.Errorf("query %s: %w", path, asNotFound(err))
	}
	return Info{
		Path: path, Size: int64(answer.Size), ActualSize: int64(answer.ActualSize),
		Parent: installPath(answer.ParentURI),
	}, nil
}

// QueryAll asks for the sizes of many volumes, with a query per pool, or with one per
// volume where agents have no batch query (G7e of zbs.Generations). A volume that does
// not exist, or whose pool does not, is missing from the result. Errors are as Query's;
// with one the result is empty.
func (s *Service) QueryAll(ctx context.Context, paths []zbs.Path, opts ...mds.CallOption) (map[zbs.Path]Info, error) {
	pools, err := s.byPool(ctx, paths, opts)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex // guards all
	all := make(map[zbs.Path]Info, len(paths))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(queriesAtOnce)
	for _, volumes := range pools {
		group.Go(func() error {
			infos, err := s.queryPool(ctx, volumes, opts)
			mu.Lock()
			defer mu.Unlock()
			for _, info := range infos {
				all[info.Path] = info
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("query %d volumes: %w", len(paths), err)
	}
	return all, nil
}

// byPool resolves the paths and groups them by logical pool: one unknown pool
// fails a whole batch.
func (s *Service) byPool(ctx context.Context, paths []zbs.Path, opts []mds.CallOption) (map[string][]zbs.CBDPath, error) {
	pools := make(map[string][]zbs.CBDPath)
	for _, path := range paths {
		cbd, err := s.pools.resolveVolume(ctx, path, opts)
		switch {
		case errors.Is(err, ErrNotFound):
		case err != nil:
			return nil, fmt.Errorf("query %s: %w", path, err)
		default:
			pools[path.Pool] = append(pools[path.Pool], cbd)
		}
	}
	return pools, nil
}

// queryPool asks for the volumes of one pool at once. It asks for each by itself if the
// agent refuses: some agents have no batch query, and others refuse a batch if the pool
// has no volumes at all.
func (s *Service) queryPool(ctx context.Context, volumes []zbs.CBDPath, opts []mds.CallOption) ([]Info, error) {
	answer, err := mds.Call(ctx, s.caller, zbs.QueryVolumes{Paths: volumes}, readOptions(s.caller, opts, mds.RouteKey(volumes[0].Pool))...)
	if _, refused := errors.AsType[*zbs.AgentError](err); refused || errors.Is(err, zbs.ErrUnsupported) {
		return s.queryEach(ctx, volumes, opts)
	}
	if err != nil {
		return nil, err
	}
	var infos []Info
	for _, cbd := range volumes {
		if v, ok := answer.Volumes[cbd.String()]; ok {
			infos = append(infos, Info{Path: cbd.Path, Size: int64(v.Size), ActualSize: int64(v.ActualSize)})
		}
	}
	return infos, nil
}

// queryEach asks for each volume by itself, for some at the same time.
func (s *Service) queryEach(ctx context.Context, volumes []zbs.CBDPath, opts []mds.CallOption) ([]Info, error) {
	found := make([]*Info, len(volumes))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(queriesAtOnce)
	for i, cbd := range volumes {
		group.Go(func() error {
			info, err := s.Query(ctx, cbd.Path, opts...)
			switch {
			case errors.Is(err, ErrNotFound):
				return nil
			case err == nil:
				info.Parent = ""
				found[i] = &info
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var infos []Info
	for _, info := range found {
		if info != nil {
			infos = append(infos, *info)
		}
	}
	return infos, nil
}

// Pools asks for the pools of the cluster. The Service keeps which physical pool lies
// under each logical one. Errors are a *mds.CallError, or wrap zbs.ErrMalformed.
func (s *Service) Pools(ctx context.Context, opts ...mds.CallOption) ([]zbs.LogicalPool, error) {
	capacity, _, err := s.pools.capacity(ctx, opts)
	if err != nil {
		return nil, fmt.Errorf("pools: %w", err)
	}
	return capacity.Pools, nil
}
