package volume

import (
	"context"
	"errors"
	"fmt"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// SnapshotNameLength is how many characters a snapshot's name must have unless
// AnySnapshotName is given: those of ZStack's UUIDs without dashes.
const SnapshotNameLength = 32

// SnapshotRequest names a new snapshot.
type SnapshotRequest struct {
	Path zbs.Path // the snapshot
	// SkipIfExisting makes an existing snapshot of the name a success.
	SkipIfExisting bool
}

// Snapshot is the result of CreateSnapshot.
type Snapshot struct {
	Path zbs.Path
	Size int64 // of the volume, in bytes; 0 if the snapshot existed
	// Existed tells that a snapshot of exactly this name existed before.
	Existed bool
	// Confirmed tells that the storage has the snapshot: an MDS found it
	// (QuerySnapshot), or the storage refused to make another of its name. If it is
	// false, an agent claims the snapshot, and no MDS can look it up.
	Confirmed bool
}

// CreateSnapshot makes a snapshot. It does not let the agent skip existing snapshots:
// an agent compares a part of the name, and may skip the wrong one. The storage itself
// refuses exactly the names that exist.
//
// If an MDS can look up snapshots (QuerySnapshot), CreateSnapshot looks before and after,
// as Create does. Otherwise it believes the agent's answer, and Snapshot.Confirmed is
// false. It sends the command again, which changes nothing if the snapshot exists, in two
// cases: an attempt may have run and the snapshot is not seen, or the answer is about
// another snapshot and no MDS can look.
//
// Errors wrap zbs.ErrInvalidPath or zbs.ErrInvalidName (nothing is sent), ErrNotFound
// when the volume does not exist, ErrExists, ErrNotDone (it can be repeated; only if an
// MDS can look), mds.ErrAmbiguous (the snapshot may exist, or appear later), or are a
// *mds.CallError with the agent's refusal. If no MDS can look, a snapshot that is found
// after an attempt that may have run is mds.ErrAmbiguous without SkipIfExisting: it may
// be an older one.
func (s *Service) CreateSnapshot(ctx context.Context, req SnapshotRequest, opts ...mds.CallOption) (Snapshot, error) {
	snapshot, err := s.createSnapshot(ctx, req, opts)
	if err != nil {
		return Snapshot{}, fmt.Errorf("create snapshot %s: %w", req.Path, err)
	}
	return snapshot, nil
}

func (s *Service) createSnapshot(ctx context.Context, req SnapshotRequest, opts []mds.CallOption) (Snapshot, error) {
	cbd, err := s.pools.resolveSnapshot(ctx, req.Path)
	if err != nil {
		return Snapshot{}, err
	}
	if err := s.checkSnapshotName(req.Path); err != nil {
		return Snapshot{}, err
	}
	info, err := s.Query(ctx, req.Path.OfVolume())
	if err != nil {
		return Snapshot{}, err
	}
	m := &creation{service: s, req: req, size: info.Size, before: s.presenceOf(ctx, req.Path)}
	if m.before == present {
		return m.existing(ErrExists)
	}
	m.command = zbs.CreateSnapshot{Path: zbs.CBDPath{PhysicalPool: cbd.PhysicalPool, Path: cbd.OfVolume()}, Snapshot: cbd.Snapshot}
	var trace mds.Trace
	opts = append(opts[:len(opts):len(opts)], mds.Record(&trace))
	answer, err := send(ctx, s.caller, req.Path.OfVolume(), m.command, ChangeTimeout, opts)
	err = asExists(err)
	callErr, _ := errors.AsType[*mds.CallError](err)
	switch {
	case err == nil:
		return m.verified(ctx, answer, trace)
	case callErr != nil && callErr.MayHaveRun() && ctx.Err() == nil:
		return m.afterFailure(ctx, callErr)
	case errors.Is(err, ErrExists):
		return m.existing(err)
	}
	return Snapshot{}, err
}

// checkSnapshotName refuses a name that may be a part of another snapshot's name.
func (s *Service) checkSnapshotName(path zbs.Path) error {
	if path.IsSnapshot() && !s.anySnapshotName && len(path.Snapshot) != SnapshotNameLength {
		return fmt.Errorf("%w: %q has %d characters, want the %d of a UUID without dashes: agents find snapshots by a part of the name, and take the wrong one",
			ErrSnapshotName, path.Snapshot, len(path.Snapshot), SnapshotNameLength)
	}
	return nil
}
