package volume

import (
	"context"
	"errors"
	"fmt"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// CloneRequest names a snapshot, and the volume that Clone or Copy makes of it.
type CloneRequest struct {
	Snapshot zbs.Path
	Volume   zbs.Path // must not exist; for Clone in the snapshot's own pool
}

// Clone makes a volume that shares the data of a snapshot, and returns it. The
// volume must not exist. Clone queries it before, and again when an attempt may have
// run.
//
// Errors wrap zbs.ErrInvalidPath or zbs.ErrInvalidName (nothing is sent),
// ErrNotFound when the snapshot's volume does not exist, ErrExists when the new
// one does, ErrNotDone (it can be repeated), mds.ErrAmbiguous (the volume may
// appear yet, or one appeared that is no clone of the snapshot), or are a
// *mds.CallError with the agent's refusal.
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
	cbd, source, err := s.prepare(ctx, req)
	if err != nil {
		return Info{}, err
	}
	var trace mds.Trace
	opts = append(opts[:len(opts):len(opts)], mds.Record(&trace))
	answer, failed := send(ctx, s.caller, req.Volume, zbs.CloneVolume{Path: cbd, DstVolume: req.Volume.Volume}, ChangeTimeout, opts)
	var info Info
	there := func(ctx context.Context) (exists bool, err error) {
		info, exists, err = s.look(ctx, req.Volume)
		switch {
		case !exists:
			return false, err
		case info.Parent != req.Snapshot.String():
			return false, fmt.Errorf("%s is there, and no clone of %s", req.Volume, req.Snapshot)
		}
		err = possible(info)
		return err == nil, err
	}
	switch {
	case failed != nil:
		err = asExists(s.readBack(ctx, failed, there))
	case clean(answer, req.Volume) && int64(answer.Size) == source.Size:
		info = infoOf(answer, req.Volume)
		info.Parent = req.Snapshot.String()
	default: // the volume may have been expanded since the snapshot
		err = s.confirm(ctx, trace, there)
	}
	return info, err
}

// Copy makes a volume with a copy of a snapshot's data, in any pool, and returns
// it. It takes as long as the data: only ctx ends the call, and the agent goes on
// copying then. The volume must not exist.
//
// Errors are as Clone's. ErrNotAsAsked means that the volume has another size than the
// snapshot. After that and after mds.ErrAmbiguous the volume may exist, whole or in
// part. Delete it before you repeat the copy.
func (s *Service) Copy(ctx context.Context, req CloneRequest, opts ...mds.CallOption) (Info, error) {
	info, err := s.copy(ctx, req, opts)
	if err != nil {
		return Info{}, fmt.Errorf("copy %s to %s: %w", req.Snapshot, req.Volume, err)
	}
	return info, nil
}

func (s *Service) copy(ctx context.Context, req CloneRequest, opts []mds.CallOption) (Info, error) {
	cbd, source, err := s.prepare(ctx, req)
	if err != nil {
		return Info{}, err
	}
	var trace mds.Trace
	opts = append(opts[:len(opts):len(opts)], mds.Record(&trace))
	answer, err := send(ctx, s.caller, req.Volume, zbs.CopySnapshot{
		Path: cbd, DstVolume: req.Volume.Volume, DstPool: req.Volume.Pool,
	}, Unbounded, opts)
	switch {
	case err == nil && clean(answer, req.Volume) && int64(answer.Size) == source.Size:
		return infoOf(answer, req.Volume), nil
	case err == nil:
		return s.readCopy(ctx, req, int64(answer.Size), source.Size, trace)
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

// readCopy queries a copy after an agent claimed it in an answer that is not clean. The
// copy must have the size of the answer, or of the snapshot's volume.
func (s *Service) readCopy(ctx context.Context, req CloneRequest, said, source int64, trace mds.Trace) (info Info, err error) {
	err = s.confirm(ctx, trace, func(ctx context.Context) (exists bool, err error) {
		info, exists, err = s.look(ctx, req.Volume)
		return exists, err
	})
	switch {
	case err != nil:
		return Info{}, err
	case info.Size != said && info.Size != source || possible(info) != nil:
		return Info{}, anotherSize(info, source)
	}
	return info, nil
}

// prepare checks that the snapshot's volume exists, which it returns, and that the new
// volume does not.
func (s *Service) prepare(ctx context.Context, req CloneRequest) (cbd zbs.CBDPath, source Info, err error) {
	if err := checkVolume(req.Volume); err != nil {
		return cbd, source, err
	}
	if err := s.checkSnapshotName(req.Snapshot); err != nil {
		return cbd, source, err
	}
	if cbd, err = s.pools.resolveSnapshot(ctx, req.Snapshot); err != nil {
		return cbd, source, err
	}
	if source, err = s.Query(ctx, req.Snapshot.OfVolume()); err != nil {
		return cbd, source, err
	}
	switch _, exists, err := s.look(ctx, req.Volume); {
	case err != nil:
		return cbd, source, err
	case exists:
		return cbd, source, fmt.Errorf("%w: %s", ErrExists, req.Volume)
	}
	return cbd, source, nil
}
