package volume

import (
	"context"
	"errors"
	"fmt"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// CloneRequest names a snapshot and the volume to make of it.
type CloneRequest struct {
	Snapshot zbs.Path
	Volume   zbs.Path // must not exist; for Clone in the snapshot's own pool
}

// Clone makes a volume that shares the data of a snapshot, and returns it. The
// volume must not exist: it looks first, and looks again when an attempt may
// have run.
//
// Errors wrap zbs.ErrInvalidPath or zbs.ErrInvalidName (nothing is sent),
// ErrNotFound when the snapshot's volume does not exist, ErrExists when the new
// one does, ErrNotDone (it can be repeated), mds.ErrAmbiguous (the volume may
// appear yet), or are a *mds.WalkError with the agent's refusal.
func (s *Service) Clone(ctx context.Context, req CloneRequest, opts ...mds.CallOption) (Info, error) {
	info, err := s.clone(ctx, req, opts)
	if err != nil {
		return Info{}, fmt.Errorf("clone %s to %s: %w", req.Snapshot, req.Volume, err)
	}
	return info, nil
}

func (s *Service) clone(ctx context.Context, req CloneRequest, opts []mds.CallOption) (Info, error) {
	if req.Volume.Pool != req.Snapshot.Pool {
		return Info{}, fmt.Errorf("%w: a clone is in the pool of its snapshot, %s; copy takes it to another", zbs.ErrInvalidPath, req.Snapshot.Pool)
	}
	cbd, err := s.prepare(ctx, req)
	if err != nil {
		return Info{}, err
	}
	answer, err := send(ctx, s, req.Volume, zbs.CloneVolume{Path: cbd, DstVolume: req.Volume.Volume}, ChangeTimeout, opts)
	if err == nil {
		info := Info{Path: req.Volume, Size: int64(answer.Size), ActualSize: int64(answer.ActualSize), Parent: req.Snapshot.String()}
		return info, madeAs(answer, req.Volume)
	}
	var info Info
	err = s.readBack(ctx, err, func(ctx context.Context) (exists bool, err error) {
		info, exists, err = s.look(ctx, req.Volume)
		if exists && info.Parent != req.Snapshot.String() {
			return false, fmt.Errorf("%s is there, and no clone of %s", req.Volume, req.Snapshot)
		}
		return exists, err
	})
	return info, asExists(err)
}

// Copy makes a volume with a copy of a snapshot's data, in any pool, and returns
// it. It takes as long as the data: ctx alone ends it, and ending it does not
// stop the copy. The volume must not exist.
//
// Errors are as Clone's. After mds.ErrAmbiguous the volume may be there, whole or
// in part: nothing tells which, so delete it before the copy is repeated.
func (s *Service) Copy(ctx context.Context, req CloneRequest, opts ...mds.CallOption) (Info, error) {
	info, err := s.copy(ctx, req, opts)
	if err != nil {
		return Info{}, fmt.Errorf("copy %s to %s: %w", req.Snapshot, req.Volume, err)
	}
	return info, nil
}

func (s *Service) copy(ctx context.Context, req CloneRequest, opts []mds.CallOption) (Info, error) {
	cbd, err := s.prepare(ctx, req)
	if err != nil {
		return Info{}, err
	}
	answer, err := send(ctx, s, req.Volume, zbs.CopySnapshot{
		Path: cbd, DstVolume: req.Volume.Volume, DstPool: req.Volume.Pool,
	}, Unbounded, opts)
	if err == nil {
		return Info{Path: req.Volume, Size: int64(answer.Size), ActualSize: int64(answer.ActualSize)}, madeAs(answer, req.Volume)
	}
	err = s.readBack(ctx, err, func(ctx context.Context) (bool, error) {
		_, exists, err := s.look(ctx, req.Volume)
		if exists {
			err = errors.New("the volume is there, and nothing tells whether it is whole")
		}
		return false, err
	})
	return Info{}, asExists(err)
}

// prepare checks what a clone and a copy need: a snapshot of a volume that
// exists, and a volume that does not.
func (s *Service) prepare(ctx context.Context, req CloneRequest) (zbs.CBDPath, error) {
	if err := checkVolume(req.Volume); err != nil {
		return zbs.CBDPath{}, err
	}
	if err := s.checkSnapshotName(req.Snapshot); err != nil {
		return zbs.CBDPath{}, err
	}
	cbd, err := s.resolveSnapshot(ctx, req.Snapshot)
	if err != nil {
		return cbd, err
	}
	if _, err := s.Query(ctx, req.Snapshot.OfVolume()); err != nil {
		return cbd, err
	}
	switch _, exists, err := s.look(ctx, req.Volume); {
	case err != nil:
		return cbd, err
	case exists:
		return cbd, fmt.Errorf("%w: %s", ErrExists, req.Volume)
	}
	return cbd, nil
}
