package volume

import (
	"context"
	"errors"
	"fmt"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// DeleteSnapshot deletes a snapshot. An agent answers success also for a snapshot
// that does not exist, and for one that the storage keeps because it has a clone.
//
// Where an MDS can tell whether a snapshot exists (QuerySnapshot), success means
// that it is gone. Elsewhere success means that an agent was asked and the volume
// exists; QuerySnapshot answers zbs.ErrUnsupported there.
//
// Errors wrap zbs.ErrInvalidPath (nothing is sent), ErrNotFound when the volume
// does not exist, ErrSnapshotKept (an agent claims success, and the snapshot is
// there), ErrNotDone (it can be repeated; only where an MDS can look),
// mds.ErrAmbiguous, or are a *mds.WalkError.
func (s *Service) DeleteSnapshot(ctx context.Context, path zbs.Path, opts ...mds.CallOption) error {
	if err := s.deleteSnapshot(ctx, path, opts); err != nil {
		return fmt.Errorf("delete snapshot %s: %w", path, err)
	}
	return nil
}

func (s *Service) deleteSnapshot(ctx context.Context, path zbs.Path, opts []mds.CallOption) error {
	cbd, err := s.pools.resolveSnapshot(ctx, path)
	if err != nil {
		return err
	}
	if _, err := s.Query(ctx, path.OfVolume()); err != nil {
		return err
	}
	var trace mds.Trace
	opts = append(opts[:len(opts):len(opts)], mds.Record(&trace))
	_, err = send(ctx, s.caller, path.OfVolume(), zbs.DeleteSnapshot{Path: cbd}, ChangeTimeout, opts)
	callErr, _ := errors.AsType[*mds.WalkError](err)
	if err != nil && (callErr == nil || !callErr.MayHaveRun()) {
		return err
	}
	now := s.presenceOf(ctx, path)
	switch {
	case now == untold, err == nil && now == missing:
		return err
	case err != nil:
		return s.readBack(ctx, err, s.isGone(path))
	}
	err = s.confirm(ctx, trace, s.isGone(path))
	if errors.Is(err, ErrNotDone) {
		err = ErrSnapshotKept
	}
	return err
}

// isGone returns a look whether the snapshot does not exist.
func (s *Service) isGone(path zbs.Path) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		exists, err := s.findSnapshot(ctx, path)
		return err == nil && !exists, err
	}
}
