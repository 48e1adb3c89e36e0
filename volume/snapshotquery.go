package volume

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// QuerySnapshot reports whether a snapshot exists or, given a volume, whether the
// volume has any snapshot. Few agents can tell, such as those of generation G7e
// (zbs.Generations). It asks one MDS after the other until one can. A hanging MDS costs no
// more than a hedge delay if another answers.
//
// Errors wrap zbs.ErrInvalidPath (nothing is sent), ErrNotFound when the volume or
// its pool does not exist, zbs.ErrUnsupported when no MDS that answers can tell,
// ErrSnapshotNumber for a name that may be the number of another snapshot, or are a
// *mds.CallError. It changes nothing.
func (s *Service) QuerySnapshot(ctx context.Context, path zbs.Path, opts ...mds.CallOption) (bool, error) {
	exists, err := s.querySnapshot(ctx, path, opts)
	if err != nil {
		return false, fmt.Errorf("query snapshot %s: %w", path, err)
	}
	return exists, nil
}

func (s *Service) querySnapshot(ctx context.Context, path zbs.Path, opts []mds.CallOption) (bool, error) {
	cbd, err := s.pools.resolve(ctx, path, opts)
	if err != nil {
		return false, err
	}
	answer, err := s.askSnapshot(ctx, cbd, opts)
	switch {
	case snapshotMissing(err):
		return false, nil
	case err != nil:
		return false, asNotFound(err)
	case !path.IsSnapshot():
		return answer.HasSnapshot, nil
	}
	return true, checkFound(path, answer)
}

// presence is what is known of a snapshot.
type presence uint8

const (
	unknown presence = iota // no MDS can tell whether it exists
	missing                 // it does not exist
	present                 // it exists
)

// presenceOf looks for a snapshot.
func (s *Service) presenceOf(ctx context.Context, path zbs.Path) presence {
	switch exists, err := s.findSnapshot(ctx, path); {
	case err != nil:
		return unknown
	case exists:
		return present
	}
	return missing
}

// findSnapshot is QuerySnapshot for a change. It asks only MDS that are known to have the
// query, and does not wait for others.
func (s *Service) findSnapshot(ctx context.Context, path zbs.Path) (bool, error) {
	able := mds.Supporting(ctx, s.caller, zbs.EndpointSnapshotQuery)
	if len(able) == 0 {
		return false, zbs.ErrUnsupported
	}
	others := slices.DeleteFunc(s.caller.Addrs(), func(addr zbs.Addr) bool { return slices.Contains(able, addr) })
	return s.querySnapshot(ctx, path, []mds.CallOption{mds.Except(others...)})
}

// askSnapshot asks one MDS after the other until one answers, if only that the snapshot
// does not exist. After an answer that the volume does not exist it asks the others: an
// MDS of another cluster answers that, too.
func (s *Service) askSnapshot(ctx context.Context, path zbs.CBDPath, opts []mds.CallOption) (zbs.SnapshotInfo, error) {
	so := &mds.CallError{}
	for {
		own := []mds.CallOption{mds.RouteKey(path.OfVolume().String()), mds.RefusalStops(), mds.Except(refusers(so)...)}
		answer, err := mds.Call(ctx, s.caller, zbs.QuerySnapshot{Path: path}, readOptions(s.caller, opts, own...)...)
		callErr, failed := errors.AsType[*mds.CallError](err)
		if !failed {
			return answer, err
		}
		more := anotherRefused(so, callErr)
		if so = joined(so, callErr); !more || snapshotMissing(so) || ctx.Err() != nil {
			return zbs.SnapshotInfo{}, so
		}
	}
}

// refusers returns the MDS that refused the query.
func refusers(callErr *mds.CallError) (addrs []zbs.Addr) {
	for _, a := range callErr.Attempts {
		if _, no := errors.AsType[*zbs.AgentError](a.Err); no {
			addrs = append(addrs, a.Addr)
		}
	}
	return addrs
}

// anotherRefused reports whether an MDS refused the call that had not refused before.
// Without this test an MDS that mds.Target names would be asked for ever.
func anotherRefused(before, callErr *mds.CallError) bool {
	known := refusers(before)
	return slices.ContainsFunc(refusers(callErr), func(addr zbs.Addr) bool { return !slices.Contains(known, addr) })
}

// snapshotMissing reports whether an MDS said that the volume has no such snapshot.
func snapshotMissing(err error) bool {
	callErr, ok := errors.AsType[*mds.CallError](err)
	if !ok {
		return false
	}
	for _, a := range callErr.Attempts {
		if no, ok := errors.AsType[*zbs.AgentError](a.Err); ok && no.SnapshotMissing() {
			return true
		}
	}
	return false
}

// checkFound returns nil if the answer proves that the snapshot exists. The answer has
// the snapshot's number. If the name is that number, it proves nothing: agents also find a
// snapshot by its number.
func checkFound(path zbs.Path, answer zbs.SnapshotInfo) error {
	found, err := zbs.ParsePath(answer.InstallPath)
	switch {
	case err != nil || found.OfVolume() != path.OfVolume() || !found.IsSnapshot():
		return fmt.Errorf("%w: asked for %s, and the answer names %q", zbs.ErrMalformed, path, answer.InstallPath)
	case found.Snapshot == path.Snapshot && strings.Trim(path.Snapshot, "0123456789") == "":
		return fmt.Errorf("%w: %s", ErrSnapshotNumber, path.Snapshot)
	}
	return nil
}
