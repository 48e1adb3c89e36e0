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
}

// CreateSnapshot makes a snapshot. The agent's own way to skip what exists is
// not used, because it compares by a part of the name and then makes nothing:
// the storage itself refuses an exact name that exists. When an attempt may have
// run, or the answer is not about this snapshot, an MDS is sent the same again for
// the answer to that: a second execution changes nothing.
//
// Errors wrap zbs.ErrInvalidPath or zbs.ErrInvalidName (nothing is sent),
// ErrNotFound when the volume does not exist, ErrExists, mds.ErrAmbiguous (a
// snapshot of the name may be there, or appear), or are a *mds.WalkError with
// the agent's refusal. Without SkipIfExisting a snapshot found after an attempt
// that may have run stays mds.ErrAmbiguous, too: it may be an older one.
func (s *Service) CreateSnapshot(ctx context.Context, req SnapshotRequest, opts ...mds.CallOption) (Snapshot, error) {
	snapshot, err := s.createSnapshot(ctx, req, opts)
	if err != nil {
		return Snapshot{}, fmt.Errorf("create snapshot %s: %w", req.Path, err)
	}
	return snapshot, nil
}

func (s *Service) createSnapshot(ctx context.Context, req SnapshotRequest, opts []mds.CallOption) (Snapshot, error) {
	cbd, err := s.resolveSnapshot(ctx, req.Path)
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
	command := zbs.CreateSnapshot{Path: zbs.CBDPath{PhysicalPool: cbd.PhysicalPool, Path: cbd.OfVolume()}, Snapshot: cbd.Snapshot}
	answer, err := send(ctx, s, req.Path.OfVolume(), command, ChangeTimeout, opts)
	err = asExists(err)
	walk, _ := errors.AsType[*mds.WalkError](err)
	switch {
	case err == nil && (!clean(answer, req.Path) || int64(answer.Size) != info.Size):
		return s.readSnapshot(ctx, req, command, answer)
	case walk != nil && walk.MayHaveRun() && ctx.Err() == nil:
		return s.confirmSnapshot(ctx, req, command, walk)
	}
	return req.outcome(answer, err)
}

// outcome is what an MDS's refusal or clean answer comes to.
func (req SnapshotRequest) outcome(answer zbs.Created, err error) (Snapshot, error) {
	switch {
	case req.SkipIfExisting && errors.Is(err, ErrExists):
		return Snapshot{Path: req.Path, Existed: true}, nil
	case err != nil:
		return Snapshot{}, err
	}
	return Snapshot{Path: req.Path, Size: int64(answer.Size)}, nil
}

// readSnapshot reads back a snapshot that an agent says it made, in an answer that
// is not clean or tells another size than the volume's. No query shows snapshots. So the command is sent again: the storage
// refuses the name if the snapshot is there, and makes it otherwise.
func (s *Service) readSnapshot(ctx context.Context, req SnapshotRequest, command zbs.CreateSnapshot, said zbs.Created) (Snapshot, error) {
	why := errors.New("no MDS confirms it")
	for _, addr := range s.caller.Addrs() {
		answer, err := mds.Call(ctx, s.caller, command, mds.Target(addr), mds.Timeout(ChangeTimeout))
		switch {
		case err == nil && clean(answer, req.Path):
			return req.outcome(answer, nil)
		case errors.Is(asExists(err), ErrExists):
			info, err := s.Query(ctx, req.Path.OfVolume())
			if err == nil {
				err = possible(info)
			}
			if err != nil {
				return Snapshot{}, unread(said, err)
			}
			return Snapshot{Path: req.Path, Size: info.Size}, nil
		case err != nil:
			why = err
		}
	}
	return Snapshot{}, unread(said, why)
}

// confirmSnapshot sends the command to one MDS after the other, those first
// that have not had it, until one answers.
func (s *Service) confirmSnapshot(ctx context.Context, req SnapshotRequest, command zbs.CreateSnapshot, walk *mds.WalkError) (Snapshot, error) {
	for _, addr := range untriedFirst(s.caller.Addrs(), walk) {
		answer, err := mds.Call(ctx, s.caller, command, mds.Target(addr), mds.Timeout(ChangeTimeout))
		err = asExists(err)
		if err == nil && clean(answer, req.Path) || req.SkipIfExisting && errors.Is(err, ErrExists) {
			return req.outcome(answer, err)
		}
		if errors.Is(err, ErrExists) {
			return Snapshot{}, fmt.Errorf("%w; there is a snapshot of the name, made by this call or before it", walk)
		}
	}
	return Snapshot{}, walk
}

// untriedFirst puts the MDS that may have run the call last.
func untriedFirst(addrs []zbs.Addr, walk *mds.WalkError) []zbs.Addr {
	var untried, tried []zbs.Addr
	for _, addr := range addrs {
		if mayHaveRunAt(walk, addr) {
			tried = append(tried, addr)
		} else {
			untried = append(untried, addr)
		}
	}
	return append(untried, tried...)
}

func mayHaveRunAt(walk *mds.WalkError, addr zbs.Addr) bool {
	for _, a := range walk.Attempts {
		if a.Addr == addr && a.MayHaveRun() {
			return true
		}
	}
	return false
}

// DeleteSnapshot deletes a snapshot, as far as the wire can tell: an agent
// answers success also for a snapshot that does not exist, and for one that the
// storage keeps because it has a clone, and nothing lists snapshots. So success
// means that the agent was asked and the volume exists.
//
// Errors wrap zbs.ErrInvalidPath (nothing is sent), ErrNotFound when the volume
// does not exist, mds.ErrAmbiguous, or are a *mds.WalkError.
func (s *Service) DeleteSnapshot(ctx context.Context, path zbs.Path, opts ...mds.CallOption) error {
	if err := s.deleteSnapshot(ctx, path, opts); err != nil {
		return fmt.Errorf("delete snapshot %s: %w", path, err)
	}
	return nil
}

func (s *Service) deleteSnapshot(ctx context.Context, path zbs.Path, opts []mds.CallOption) error {
	cbd, err := s.resolveSnapshot(ctx, path)
	if err != nil {
		return err
	}
	if _, err := s.Query(ctx, path.OfVolume()); err != nil {
		return err
	}
	_, err = send(ctx, s, path.OfVolume(), zbs.DeleteSnapshot{Path: cbd}, ChangeTimeout, opts)
	return err
}

// resolveSnapshot is resolve for what takes a snapshot.
func (s *Service) resolveSnapshot(ctx context.Context, path zbs.Path) (zbs.CBDPath, error) {
	if err := checkSnapshot(path); err != nil {
		return zbs.CBDPath{}, err
	}
	return s.resolve(ctx, path, nil)
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

// checkSnapshotName refuses a name that may be part of another snapshot's.
func (s *Service) checkSnapshotName(path zbs.Path) error {
	if path.IsSnapshot() && !s.anySnapshotName && len(path.Snapshot) != SnapshotNameLength {
		return fmt.Errorf("%w: %q has %d characters, want the %d of a UUID without dashes: agents find snapshots by a part of the name, and take the wrong one",
			ErrSnapshotName, path.Snapshot, len(path.Snapshot), SnapshotNameLength)
	}
	return nil
}
