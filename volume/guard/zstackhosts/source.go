package zstackhosts

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

var (
	// ErrInvalidOption is matched by the error of [New] for each invalid value.
	ErrInvalidOption = errors.New("invalid option")

	// ErrNoHosts is matched by the error of [Source.Hosts] if the database lists none.
	// With an empty inventory there would be nothing to prove.
	ErrNoHosts = errors.New("no hosts in ZStack's database")
)

// Option changes which hosts a [Source] returns, or what it logs.
type Option func(*Source) error

// PrimaryStorage limits the inventory to one primary storage: to the hosts whose
// cluster has the storage of this uuid attached, because no others can open its
// volumes, and to its volumes. Without this option all hosts and all volumes with a
// zbs:// path count.
func PrimaryStorage(uuid string) Option {
	return func(s *Source) error {
		if uuid == "" {
			return fmt.Errorf("%w: empty uuid of a primary storage", ErrInvalidOption)
		}
		s.storage = uuid
		return nil
	}
}

// WithLogger sets the logger to which a [Source] reports what it left out. At Warn it
// logs a path that cannot be parsed, and a host in Maintenance that still has a
// machine. At Debug it logs an address that several hosts have. The default discards
// them.
func WithLogger(l *slog.Logger) Option {
	return func(s *Source) error {
		if l == nil {
			return fmt.Errorf("%w: no logger", ErrInvalidOption)
		}
		s.logger = l
		return nil
	}
}

// Source reads the inventory. Use [New]; the zero value is not usable. It may be used
// concurrently.
type Source struct {
	db      *sql.DB
	storage string // uuid of the primary storage; empty for all hosts
	logger  *slog.Logger
}

// New returns a source that reads from db. It does not close db. The error matches
// [ErrInvalidOption].
func New(db *sql.DB, options ...Option) (*Source, error) {
	s := &Source{db: db, logger: slog.New(slog.DiscardHandler)}
	var errs []error
	if db == nil {
		errs = append(errs, fmt.Errorf("%w: no database", ErrInvalidOption))
	}
	for _, option := range options {
		errs = append(errs, option(s))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return s, nil
}

// Hosts returns the hosts in the order of their names, or no hosts and an error. If
// there are none, the error matches [ErrNoHosts]. If addresses cannot be read or
// belong to several hosts, the error names every such host. All other errors are those
// of the database or of ctx.
func (s *Source) Hosts(ctx context.Context) ([]proof.Host, error) {
	snap, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	if len(snap.hosts) == 0 {
		if s.storage != "" {
			return nil, fmt.Errorf("%w have the primary storage %q attached, check its uuid", ErrNoHosts, s.storage)
		}
		return nil, ErrNoHosts
	}
	return s.inventory(ctx, snap)
}
