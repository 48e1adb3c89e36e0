package volume

import (
	"sync/atomic"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

// Service does what a storage plugin wants done with volumes. It is safe for
// concurrent use; the zero Service is not usable, NewService makes one.
type Service struct {
	caller   *mds.Caller
	pools    *pools
	storage  atomic.Pointer[string] // its version, nil until it is known
	guard    Guard                  // in front of what harms a host with the volume open; nil: none
	clusters *clusters
	clients  *coalescer[zbs.Path, ClientList]
	queries  *coalescer[zbs.Path, Info]

	guardOptions    []guard.CheckOption
	anySnapshotName bool
}

// NewService returns a Service that asks through caller. WithGuard gives it what
// Delete, Rollback and ExportNBD need.
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

// WithGuard puts g in front of Delete, Rollback and ExportNBD, and gives its checks
// the options. A Service without one refuses these (ErrNoGuard) unless
// Release.Force is set.
func WithGuard(g Guard, opts ...guard.CheckOption) Option {
	return func(s *Service) { s.guard, s.guardOptions = g, opts }
}

// AnySnapshotName lets snapshots be created, cloned and exported whatever the
// length of their names. Without it they must have SnapshotNameLength
// characters: agents find a snapshot by a part of its name, and clone, protect
// or export another one when a name is part of another.
func AnySnapshotName() Option { return func(s *Service) { s.anySnapshotName = true } }
