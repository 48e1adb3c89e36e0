package volume

import (
	"context"
	"errors"
	"fmt"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// DeleteSnapshot deletes a snapshot. An agent also answers success for a snapshot that
// does not exist, and for one that the storage keeps because it has a clone.
//
// If an MDS that answers can look up snapshots (QuerySnapshot), success means that the
// snapshot is gone; an MDS that could look it up, and fails to, makes the result
// mds.ErrAmbiguous. Otherwise success only means that an agent answered success and the volume exists;
// QuerySnapshot returns zbs.ErrUnsupported then.
//
// Errors wrap zbs.ErrInvalidPath (nothing is sent), ErrNotFound when the volume
// does not exist, ErrSnapshotKept (an agent claims success, but the snapshot exists),
// ErrNotDone (it can be repeated; only if an MDS can look),
// mds.ErrAmbiguous, or are a *mds.CallError.
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
	callErr, _ := errors.AsType[*mds.CallError](err)
	if err != nil && (callErr == nil || !callErr.MayHaveRun()) {
		return err
	}
	exists, lookErr := s.findSnapshot(ctx, path)
	switch {
	case untold(lookErr):
		return err
	case err != nil:
		return s.readBack(ctx, err, s.isGone(path))
	case lookErr == nil && !exists:
		return nil
	}
	err = s.confirm(ctx, trace, s.isGone(path))
	if errors.Is(err, ErrNotDone) {
		err = ErrSnapshotKept
	}
	return err
}

// untold reports whether a look came to nothing because no MDS that answers can tell. An
// MDS that does not know the volume, which exists, is of another cluster.
func untold(err error) bool {
	return errors.Is(err, zbs.ErrUnsupported) || errors.Is(err, ErrSnapshotNumber) || errors.Is(err, ErrNotFound)
}

// isGone returns a function that reports whether the snapshot does not exist.
func (s *Service) isGone(path zbs.Path) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		exists, err := s.findSnapshot(ctx, path)
		return err == nil && !exists, err
	}
}
