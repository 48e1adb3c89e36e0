package volume

import (
	"context"
	"fmt"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// Flatten makes a clone independent of its snapshot and returns the volume. It
// takes as long as the data: only ctx ends the call. A volume that is no clone is a
// success.
//
// Errors wrap zbs.ErrInvalidPath (nothing is sent), ErrNotFound, ErrNotDone (it
// can be repeated), mds.ErrAmbiguous (an MDS may still be at work on it), or are
// a *mds.CallError with the agent's refusal.
func (s *Service) Flatten(ctx context.Context, path zbs.Path, opts ...mds.CallOption) (Info, error) {
	info, err := s.flatten(ctx, path, opts)
	if err != nil {
		return Info{}, fmt.Errorf("flatten %s: %w", path, err)
	}
	return info, nil
}

func (s *Service) flatten(ctx context.Context, path zbs.Path, opts []mds.CallOption) (Info, error) {
	cbd, err := s.pools.resolveVolume(ctx, path, nil)
	if err != nil {
		return Info{}, err
	}
	info, err := s.Query(ctx, path)
	if err != nil || info.Parent == "" {
		return info, err
	}
	flat := func(ctx context.Context) (bool, error) {
		info, err = s.Query(ctx, path)
		return err == nil && info.Parent == "", err
	}
	var trace mds.Trace
	opts = append(opts[:len(opts):len(opts)], mds.Record(&trace))
	if _, failed := send(ctx, s.caller, path, zbs.FlattenVolume{Path: cbd}, Unbounded, opts); failed != nil {
		err = s.readBack(ctx, failed, flat)
	} else {
		err = s.confirm(ctx, trace, flat)
	}
	if err != nil {
		return Info{}, err
	}
	return info, nil
}
