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

// SnapshotRequest names a snapshot to make.
type SnapshotRequest struct {
	Path zbs.Path // the snapshot
	// SkipIfExisting makes an existing snapshot of the name a success.
	SkipIfExisting bool
}

// Snapshot is what came of making a snapshot.
type Snapshot struct {
	Path zbs.Path
	Size int64 // of the volume at the time, in bytes; 0 when it existed
	// Existed tells that a snapshot of exactly this name was there already.
	Existed bool
	// Confirmed tells that the storage has the snapshot: an MDS found it
	// (QuerySnapshot), or the storage refused to make another of its name. Without
	// it an agent said that it is made, and no MDS can look.
	Confirmed bool
}

// CreateSnapshot makes a snapshot. The agent's own way to skip what exists is
// not used, because it compares by a part of the name and then makes nothing:
// the storage itself refuses an exact name that exists.
//
// Where an MDS can tell whether a snapshot exists (QuerySnapshot), CreateSnapshot
// looks before and after, as Create does. Elsewhere it believes the agent's answer,
// and Snapshot.Confirmed is false. When an attempt may have run and the snapshot is
// not seen, or the answer is not about this snapshot and no MDS can look, an MDS is
// sent the same again for the answer to that: a second execution changes nothing.
//
// Errors wrap zbs.ErrInvalidPath or zbs.ErrInvalidName (nothing is sent),
// ErrNotFound when the volume does not exist, ErrExists, ErrNotDone (it can be
// repeated; only where an MDS can look), mds.ErrAmbiguous (a snapshot of the name
// may be there, or appear), or are a *mds.WalkError with the agent's refusal. Where
// no MDS can look, and without SkipIfExisting, a snapshot found after an attempt
// that may have run stays mds.ErrAmbiguous, too: it may be an older one.
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
	m := &making{service: s, req: req, size: info.Size, before: s.presenceOf(ctx, req.Path)}
	if m.before == present {
		return m.existing(ErrExists)
	}
	m.command = zbs.CreateSnapshot{Path: zbs.CBDPath{PhysicalPool: cbd.PhysicalPool, Path: cbd.OfVolume()}, Snapshot: cbd.Snapshot}
	var trace mds.Trace
	opts = append(opts[:len(opts):len(opts)], mds.Record(&trace))
	answer, err := send(ctx, s.caller, req.Path.OfVolume(), m.command, ChangeTimeout, opts)
	err = asExists(err)
	callErr, _ := errors.AsType[*mds.WalkError](err)
	switch {
	case err == nil:
		return m.verified(ctx, answer, trace)
	case callErr != nil && callErr.MayHaveRun() && ctx.Err() == nil:
		return m.settled(ctx, callErr)
	case errors.Is(err, ErrExists):
		return m.existing(err)
	}
	return Snapshot{}, err
}

// checkSnapshotName refuses a name that may be part of another snapshot's.
func (s *Service) checkSnapshotName(path zbs.Path) error {
	if path.IsSnapshot() && !s.anySnapshotName && len(path.Snapshot) != SnapshotNameLength {
		return fmt.Errorf("%w: %q has %d characters, want the %d of a UUID without dashes: agents find snapshots by a part of the name, and take the wrong one",
			ErrSnapshotName, path.Snapshot, len(path.Snapshot), SnapshotNameLength)
	}
	return nil
}
