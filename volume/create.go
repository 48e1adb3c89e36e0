package volume

import (
	"context"
	"fmt"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// CreateRequest describes a new volume.
type CreateRequest struct {
	Path zbs.Path
	Size int64 // bytes, rounded up to the cluster's unit of 1 MiB or, before 1.6.1, 1 GiB
	// SkipIfExisting makes an existing volume of the same size a success.
	SkipIfExisting bool
}

// Create makes a volume and returns it. It queries the volume before, so it never takes
// an existing one for its own, and again when an attempt may have run. If two programs
// create one name at the same time without SkipIfExisting, both may get success.
//
// Errors wrap zbs.ErrInvalidPath or zbs.ErrInvalidCommand (nothing is sent),
// ErrNotFound for a pool that the cluster does not have, ErrExists and, with
// SkipIfExisting, ErrSizeDiffers (nothing is changed), ErrNotAsAsked (the volume did
// not exist before the call and has another size now; this call or another program made
// it), ErrNotDone (it can be repeated), mds.ErrAmbiguous (the
// volume may appear yet), or are a *mds.CallError with the agent's refusal.
func (s *Service) Create(ctx context.Context, req CreateRequest, opts ...mds.CallOption) (Info, error) {
	info, err := s.create(ctx, req, opts)
	if err != nil {
		return Info{}, fmt.Errorf("create %s: %w", req.Path, err)
	}
	return info, nil
}

func (s *Service) create(ctx context.Context, req CreateRequest, opts []mds.CallOption) (Info, error) {
	if err := checkVolume(req.Path); err != nil {
		return Info{}, err
	}
	size, err := s.sizeFor(ctx, req.Size)
	if err != nil {
		return Info{}, err
	}
	info, exists, err := s.look(ctx, req.Path)
	if err != nil || exists {
		return existing(info, req, err)
	}
	var trace mds.Trace
	opts = append(opts[:len(opts):len(opts)], mds.Record(&trace))
	answer, failed := send(ctx, s.caller, req.Path, zbs.CreateVolume{
		LogicalPool: req.Path.Pool, Volume: req.Path.Volume, Size: size, SkipIfExisting: req.SkipIfExisting,
	}, ChangeTimeout, opts)
	there := func(ctx context.Context) (bool, error) {
		info, exists, err = s.look(ctx, req.Path)
		return exists, err
	}
	switch {
	case failed != nil:
		err = asExists(s.readBack(ctx, failed, there))
	case clean(answer, req.Path) && isSize(int64(answer.Size), req.Size):
		return infoOf(answer, req.Path), nil
	default:
		err = s.confirm(ctx, trace, there)
	}
	switch {
	case err != nil:
		return Info{}, err
	case !isSize(info.Size, req.Size) || possible(info) != nil:
		return Info{}, anotherSize(info, req.Size)
	}
	return info, nil
}

// existing is the result of Create for a volume that exists.
func existing(info Info, req CreateRequest, err error) (Info, error) {
	switch {
	case err != nil:
		return Info{}, err
	case !req.SkipIfExisting:
		return Info{}, fmt.Errorf("%w, with %d bytes", ErrExists, info.Size)
	}
	return matching(info, req)
}

// matching refuses a volume of another size than the requested one.
func matching(info Info, req CreateRequest) (Info, error) {
	if !isSize(info.Size, req.Size) {
		return Info{}, fmt.Errorf("%w: %d bytes, wanted %d", ErrSizeDiffers, info.Size, req.Size)
	}
	return info, nil
}
