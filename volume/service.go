package volume

import (
	"sync/atomic"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

// Service queries and changes volumes for a storage plugin. It is safe for concurrent
// use. The zero Service is not usable; NewService returns one that is.
type Service struct {
	caller   *mds.Caller
	pools    *pools
	storage  atomic.Pointer[string] // its version, nil until it is known
	guard    Guard                  // of Delete, Rollback and ExportNBD; nil: none
	clusters *clusters
	clients  *coalescer[zbs.Path, ClientList]
	queries  *coalescer[zbs.Path, Info]

	guardOptions    []guard.CheckOption
	anySnapshotName bool
}

// NewService returns a Service that asks through caller. Delete, Rollback and ExportNBD
// need the option WithGuard, too.
func NewService(caller *mds.Caller, opts ...Option) *Service {
	s := &Service{
		caller:   caller,
		pools:    newPools(caller),
		clusters: newClusters(caller),
		clients:  newCoalescer[zbs.Path, ClientList](zbs.EndpointVolumeClients),
		queries:  newCoalescer[zbs.Path, Info](zbs.EndpointVolumeQuery),
	}
	for _, opt := range opts {
		opt(s)
	}
	return s
}

// Option sets how a Service behaves.
type Option func(*Service)

// WithGuard makes Delete, Rollback and ExportNBD check with g, with these options.
// A Service without a Guard refuses them (ErrNoGuard) unless Release.Force is set.
func WithGuard(g Guard, opts ...guard.CheckOption) Option {
	return func(s *Service) { s.guard, s.guardOptions = g, opts }
}

// AnySnapshotName allows names of any length for the snapshots that are created, cloned,
// copied and exported. Without it they must have SnapshotNameLength characters: agents
// find a snapshot by a part of its name. If one name is a part of another, they may
// clone, protect or export the wrong snapshot.
func AnySnapshotName() Option { return func(s *Service) { s.anySnapshotName = true } }
