package volume

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// Clients asks which clients have a volume open. It asks one MDS after the other until
// one answers, each for at most ClientsTimeout. The opts override these defaults, also
// for the query that finds an unknown pool. Calls about one volume without opts share a
// query if they come at the same time. It begins after each of them did.
//
// An empty list does not prove that the volume is closed. An agent also answers one
// after a restart, on a storage too old to list clients, and for a volume that does not
// exist. Do not start a machine because of it: ask a guard.Guard for the proof.
//
// The path must name a volume, not a snapshot. Errors wrap zbs.ErrInvalidPath
// when it does not (nothing is sent), ErrNotFound when the cluster has no such
// pool, or are a *mds.CallError. With an error the list has only the trace.
func (s *Service) Clients(ctx context.Context, path zbs.Path, opts ...mds.CallOption) (ClientList, error) {
	if len(opts) > 0 {
		return s.askClients(ctx, path, opts)
	}
	list, err := s.clients.do(ctx, path, func(ctx context.Context) (ClientList, error) {
		return s.askClients(ctx, path, nil)
	})
	list.Path = path
	list.Clients, list.Trace = slices.Clone(list.Clients), list.Trace.Clone()
	return list, err
}

func (s *Service) askClients(ctx context.Context, path zbs.Path, opts []mds.CallOption) (ClientList, error) {
	list := ClientList{Path: path}
	cbd, err := s.pools.resolveVolume(ctx, path, opts)
	if callErr, ok := errors.AsType[*mds.CallError](err); ok {
		list.Trace.Attempts = callErr.Attempts
	}
	if err != nil {
		return list, fmt.Errorf("clients of %s: %w", path, err)
	}
	answer, err := mds.Call(ctx, s.caller, zbs.GetVolumeClients{Path: cbd},
		readOptions(s.caller, opts, mds.RouteKey(path.String()), mds.Record(&list.Trace))...)
	if err != nil {
		return list, fmt.Errorf("clients of %s: %w", path, err)
	}
	list.Clients = answer.Clients
	list.MDS, _ = list.Trace.Answered()
	return list, nil
}
