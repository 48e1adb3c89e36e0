package volume

import (
	"context"
	"errors"
	"fmt"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// RollbackRequest names a snapshot to roll back to.
type RollbackRequest struct {
	Path    zbs.Path // the snapshot; later writes to the volume are lost
	Release Release  // how to prove that no host has the volume open
}

// Rollback makes a volume what it was at the snapshot, and returns it. First it proves
// that no host has the volume open, as Release says; with Release.Wait it waits for that.
//
// Errors wrap zbs.ErrInvalidPath or ErrNoGuard (nothing is sent), ErrNotFound when the
// volume does not exist, ErrInUse, ErrUndetermined or ErrNotReleased (nothing is changed),
// or mds.ErrAmbiguous, or are a *mds.CallError with the agent's refusal, such as that the
// snapshot does not exist. After mds.ErrAmbiguous no query shows whether the rollback has
// happened: keep the volume closed, and roll back again.
func (s *Service) Rollback(ctx context.Context, req RollbackRequest, opts ...mds.CallOption) (Info, error) {
	info, err := s.rollback(ctx, req, opts)
	if err != nil {
		return Info{}, fmt.Errorf("roll back to %s: %w", req.Path, err)
	}
	return info, nil
}

func (s *Service) rollback(ctx context.Context, req RollbackRequest, opts []mds.CallOption) (Info, error) {
	if err := checkSnapshot(req.Path); err != nil {
		return Info{}, err
	}
	allowed, err := s.permission(req.Path.OfVolume(), req.Release)
	if err != nil {
		return Info{}, err
	}
	cbd, err := s.pools.resolve(ctx, req.Path, nil)
	if err != nil {
		return Info{}, err
	}
	info, err := s.Query(ctx, req.Path.OfVolume())
	if err != nil {
		return Info{}, err
	}
	answer, _, err := sendGuarded(ctx, allowed, zbs.RollbackSnapshot{Path: cbd}, ChangeTimeout, opts)
	if err != nil {
		return Info{}, err
	}
	if clean(answer, info.Path) && int64(answer.Size) == info.Size {
		info.ActualSize = int64(answer.ActualSize)
		return info, nil
	}
	return s.readRollback(ctx, info.Path, answer)
}

// readRollback queries a volume after an agent claimed its rollback in an answer that is
// not clean or has another size. The query shows the sizes, but not whether the data is
// that of the snapshot. So an answer about another path leaves the result open.
func (s *Service) readRollback(ctx context.Context, path zbs.Path, answer zbs.Created) (Info, error) {
	if answer.InstallPath != "" && !isAbout(answer, path) {
		return Info{}, unread(answer, errors.New("that is another path"))
	}
	info, err := s.Query(ctx, path)
	if err == nil {
		err = possible(info)
	}
	if err != nil {
		return Info{}, unread(answer, err)
	}
	return info, nil
}
