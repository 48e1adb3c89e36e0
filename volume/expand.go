package volume

import (
	"context"
	"fmt"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// confused is how many times larger than requested a volume is after an agent mistook
// the unit: between MiB and GiB lies a factor of 1024. A volume that is a little larger
// may have been expanded by another program.
const confused = 16

// ExpandRequest names a volume and its new size.
type ExpandRequest struct {
	Path zbs.Path
	Size int64 // bytes, rounded up as in CreateRequest
}

// Expand makes a volume larger and returns it. A volume that has the size already is a
// success. Expand queries the size after every failure, because an agent may expand the
// volume and answer an error.
//
// Errors wrap zbs.ErrInvalidPath or zbs.ErrInvalidCommand (nothing is sent),
// ErrNotFound, ErrSizeDiffers when the volume is larger already (nothing is
// changed), ErrNotAsAsked when it grew far beyond the size, as when an agent takes MiB
// for GiB (a volume cannot shrink again), ErrNotDone (it can be repeated),
// mds.ErrAmbiguous (the volume may grow later), or are a *mds.CallError with the agent's
// refusal.
func (s *Service) Expand(ctx context.Context, req ExpandRequest, opts ...mds.CallOption) (Info, error) {
	info, err := s.expand(ctx, req, opts)
	if err != nil {
		return Info{}, fmt.Errorf("expand %s: %w", req.Path, err)
	}
	return info, nil
}

func (s *Service) expand(ctx context.Context, req ExpandRequest, opts []mds.CallOption) (Info, error) {
	cbd, err := s.pools.resolveVolume(ctx, req.Path, nil)
	if err != nil {
		return Info{}, err
	}
	size, err := s.sizeFor(ctx, req.Size)
	if err != nil {
		return Info{}, err
	}
	info, err := s.Query(ctx, req.Path)
	switch {
	case err != nil:
		return Info{}, err
	case isSize(info.Size, req.Size):
		return info, nil
	case info.Size > size.Bytes():
		return Info{}, fmt.Errorf("%w: %d bytes, a volume cannot shrink to %d", ErrSizeDiffers, info.Size, req.Size)
	}
	grown := func(ctx context.Context) (bool, error) {
		info, err = s.Query(ctx, req.Path)
		return err == nil && info.Size >= size.Bytes(), err
	}
	var trace mds.Trace
	opts = append(opts[:len(opts):len(opts)], mds.Record(&trace))
	answer, failed := send(ctx, s.caller, req.Path, zbs.ExpandVolume{Path: cbd, Size: size}, ChangeTimeout, opts)
	switch {
	case failed == nil && isSize(int64(answer.Size), req.Size):
		info.Size = int64(answer.Size)
		return info, nil
	case failed == nil:
		err = s.confirm(ctx, trace, grown)
	default:
		if done, _ := grown(ctx); !done { // it may have grown although the agent says no
			err = s.readBack(ctx, failed, grown)
		}
	}
	switch {
	case err != nil:
		return Info{}, err
	case info.Size/confused > size.Bytes():
		return Info{}, anotherSize(info, req.Size)
	}
	return info, nil
}
