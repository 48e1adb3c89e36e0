package volume

import (
	"context"
	"fmt"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// DeleteRequest names a volume to delete.
type DeleteRequest struct {
	Path    zbs.Path // a volume; its snapshots go with it
	Release Release  // how to prove that no host has it open
}

// Deleted is the result of Delete.
type Deleted struct {
	Path zbs.Path
	// Existed tells whether the volume existed.
	Existed bool
}

// Delete deletes a volume and all its snapshots, and confirms by a query that it is
// gone: an agent answers success even if it could not find out.
//
// A volume that does not exist is a success if an MDS of the right cluster denies it: of
// the cluster that guard.ExpectCluster names in the options of the checks, or else of the
// one that a majority of the MDS names. An MDS of another cluster knows no such volume.
//
// Before that, Delete proves that no host has the volume open, as Release says: an agent
// tries for minutes to delete a volume in use, and deletes its snapshots meanwhile. A
// volume with a snapshot that has a clone cannot be deleted either. No MDS tells that
// beforehand, and the other snapshots may be gone then.
//
// Errors wrap zbs.ErrInvalidPath or ErrNoGuard (nothing is sent), ErrInUse,
// ErrUndetermined or ErrNotReleased (nothing is changed), ErrNotFound for a pool that
// the cluster does not have, ErrNotDone (the volume exists, snapshots may be gone; it can
// be repeated), or mds.ErrAmbiguous (the volume may vanish later: do not create
// another of its name).
func (s *Service) Delete(ctx context.Context, req DeleteRequest, opts ...mds.CallOption) (Deleted, error) {
	existed, err := s.delete(ctx, req, opts)
	if err != nil {
		err = fmt.Errorf("delete %s: %w", req.Path, err)
	}
	return Deleted{Path: req.Path, Existed: existed}, err
}

func (s *Service) delete(ctx context.Context, req DeleteRequest, opts []mds.CallOption) (existed bool, err error) {
	if err := checkVolume(req.Path); err != nil {
		return false, err
	}
	allowed, err := s.permission(req.Path, req.Release)
	if err != nil {
		return false, err
	}
	look := s.absence(req.Path, req.Release)
	if absent, err := look.certain(ctx); absent || err != nil {
		return false, untouched(err)
	}
	cbd, err := s.pools.resolve(ctx, req.Path, nil)
	if err != nil {
		return true, err
	}
	opts = append(opts[:len(opts):len(opts)], mds.RefusalStops())
	_, trace, err := sendGuarded(ctx, allowed, zbs.DeleteVolume{Path: cbd}, DeleteTimeout, opts)
	if err != nil {
		return true, s.readBack(ctx, err, look.certain)
	}
	return true, s.confirm(ctx, trace, look.certain)
}
