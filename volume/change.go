package volume

import (
	"context"
	"errors"
	"fmt"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// look queries a volume. A volume that does not exist is no error.
func (s *Service) look(ctx context.Context, path zbs.Path) (info Info, exists bool, err error) {
	info, err = s.Query(ctx, path)
	if errors.Is(err, ErrNotFound) && !errors.Is(err, zbs.ErrUnknownPool) {
		return Info{}, false, nil
	}
	return info, err == nil, err
}

// readBack finds out whether a change that failed with cause has happened. It returns
// nil if it has, and a *NotDoneError if it has not and no MDS still works on it. While
// that is unknown, it returns an error that matches mds.ErrAmbiguous. It returns a cause
// that leaves no doubt as it is.
func (s *Service) readBack(ctx context.Context, cause error, happened func(context.Context) (bool, error)) error {
	callErr, ok := errors.AsType[*mds.CallError](cause)
	if !ok || !callErr.MayHaveRun() || ctx.Err() != nil {
		return cause
	}
	done, err := happened(ctx)
	if done {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w; cannot query the result: %v", cause, err)
	}
	if !callErr.Drained(ctx, s.caller) {
		return fmt.Errorf("%w; it has not happened by now, but an MDS may still be at work on it", cause)
	}
	switch done, err = happened(ctx); { // it may have ended between the two looks
	case done:
		return nil
	case err != nil:
		return fmt.Errorf("%w; cannot query the result: %v", cause, err)
	}
	return &NotDoneError{Cause: callErr}
}

// confirm checks that a change has happened after an agent answered success. The answer
// may be false, and an MDS that was asked before may still be at work.
func (s *Service) confirm(ctx context.Context, trace mds.Trace, happened func(context.Context) (bool, error)) error {
	done, err := happened(ctx)
	if !done && err == nil {
		if !trace.Drained(ctx, s.caller) {
			return fmt.Errorf("%w: the agent says it is done, and it is not; another MDS may still be at work on it", mds.ErrAmbiguous)
		}
		done, err = happened(ctx)
	}
	switch {
	case done:
		return nil
	case err != nil:
		return fmt.Errorf("%w: the agent says it is done; cannot query the result: %w", mds.ErrAmbiguous, err)
	}
	return fmt.Errorf("%w: the agent says it is done, and it is not", ErrNotDone)
}

// version returns the version of the storage, which decides the unit of sizes. The
// Service keeps it: after an upgrade the storage still takes the older unit.
func (s *Service) version(ctx context.Context) (string, error) {
	if v := s.storage.Load(); v != nil {
		return *v, nil
	}
	facts, err := mds.Call(ctx, s.caller, zbs.GetFacts{}, readOptions(s.caller, nil)...)
	if err != nil {
		return "", fmt.Errorf("find the storage's version: %w", err)
	}
	if facts.Version != "" {
		s.storage.Store(&facts.Version)
	}
	return facts.Version, nil
}

// sizeFor spells a size as the cluster takes it.
func (s *Service) sizeFor(ctx context.Context, bytes int64) (zbs.Size, error) {
	if _, err := zbs.SizeFor("", bytes); err != nil { // before anything is sent
		return zbs.Size{}, err
	}
	version, err := s.version(ctx)
	if err != nil {
		return zbs.Size{}, err
	}
	return zbs.SizeFor(version, bytes)
}

// isSize reports whether a volume of have bytes is what a request for want
// bytes makes, on a storage that counts in MiB or on one that counts in GiB.
func isSize(have, want int64) bool {
	for _, unit := range []int64{zbs.MiB, zbs.GiB} {
		if have == ((want-1)/unit+1)*unit {
			return true
		}
	}
	return false
}
