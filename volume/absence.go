package volume

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

// absence finds out whether a volume exists, for one change. An MDS of another cluster
// always answers that it does not. So a denial counts only from an MDS of the right
// cluster. That is the expected cluster, the cluster of the MDS that saw the volume
// before, or the one that a majority of the MDS names, in this order. An absence is not
// safe for concurrent use.
type absence struct {
	service  *Service
	path     zbs.Path
	expected string   // uuid of the cluster, "" if none
	seenBy   zbs.Addr // the MDS that last answered that the volume exists
}

func (s *Service) absence(path zbs.Path, r Release) *absence {
	return &absence{service: s, path: path, expected: s.expectedCluster(s.checkOptions(r))}
}

// certain reports whether the volume does not exist. With an error the result means
// nothing. The error is ErrNotFound for an unknown pool.
func (a *absence) certain(ctx context.Context) (bool, error) {
	var trace mds.Trace
	_, err := a.service.Query(ctx, a.path, mds.Record(&trace))
	switch {
	case err == nil:
		a.see(ctx, trace)
		return false, nil
	case errors.Is(err, zbs.ErrUnknownPool):
		return false, a.unknownPool(ctx, err)
	case errors.Is(err, ErrNotFound):
		err = a.confirm(ctx, deniers(err))
		return err == nil, err
	}
	return false, err
}

// see notes which MDS saw the volume, and asks it for its cluster at once: later it may
// not answer.
func (a *absence) see(ctx context.Context, trace mds.Trace) {
	addr, ok := trace.Answered()
	if !ok || addr == a.seenBy {
		return
	}
	a.seenBy = addr
	a.service.clusters.ask(ctx, addr)
}

// unknownPool returns unknown if an MDS of the right cluster listed the pools, and else
// the error of confirm.
func (a *absence) unknownPool(ctx context.Context, unknown error) error {
	listed := a.service.pools.listed.Load()
	if listed == nil {
		return unknown
	}
	if err := a.confirm(ctx, []zbs.Addr{listed.from}); err != nil {
		return err
	}
	return unknown
}

// deniers returns the MDS that answered that a volume does not exist.
func deniers(err error) (addrs []zbs.Addr) {
	callErr, ok := errors.AsType[*mds.CallError](err)
	if !ok {
		return nil
	}
	for _, a := range callErr.Attempts {
		if no, ok := errors.AsType[*zbs.AgentError](a.Err); ok && no.NotFound() {
			addrs = append(addrs, a.Addr)
		}
	}
	return addrs
}

// expectedCluster returns the uuid that the options of the Guard or of its checks
// name, or "" without one.
func (s *Service) expectedCluster(opts []guard.CheckOption) string {
	if g, ok := s.guard.(*guard.Guard); ok && g != nil {
		return g.ExpectedCluster(opts...)
	}
	return guard.ExpectedCluster(opts...)
}

// confirm returns nil if one of the denying MDS belongs to the right cluster.
func (a *absence) confirm(ctx context.Context, denying []zbs.Addr) error {
	confirmed := func() bool {
		return slices.ContainsFunc(denying, func(addr zbs.Addr) bool { return a.isRight(addr) })
	}
	if !confirmed() {
		a.service.clusters.askAll(ctx, confirmed)
	}
	switch {
	case confirmed():
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return &unconfirmedError{denying: denying, expected: a.expected}
}

// isRight reports whether the MDS is known to belong to the right cluster.
func (a *absence) isRight(addr zbs.Addr) bool {
	if a.expected == "" && addr == a.seenBy {
		return true
	}
	known := a.service.clusters
	right := cmp.Or(a.expected, known.of(a.seenBy), known.majority())
	return right != "" && known.of(addr) == right
}

// unconfirmedError is a denial of MDS that may be of another cluster.
type unconfirmedError struct {
	denying  []zbs.Addr
	expected string
}

// Error names the MDS and what would confirm them.
func (e *unconfirmedError) Error() string {
	by := "the cluster that a majority of the MDS names"
	if e.expected != "" {
		by = "the expected cluster " + e.expected
	}
	return fmt.Sprintf("cannot tell whether it exists: %v says that it does not, and is not known to belong to %s", e.denying, by)
}

// untouched turns an unconfirmedError into an error that matches ErrUndetermined, for
// a change that was not sent.
func untouched(err error) error {
	if no, ok := errors.AsType[*unconfirmedError](err); ok {
		return &undeterminedError{no}
	}
	return err
}

type undeterminedError struct{ error }

func (e *undeterminedError) Is(target error) bool { return target == ErrUndetermined }
