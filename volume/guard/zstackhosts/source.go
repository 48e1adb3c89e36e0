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
	// ErrInvalidOption is matched by the error of [New] for each value that makes no
	// sense.
	ErrInvalidOption = errors.New("invalid option")

	// ErrNoHosts is matched by the error of [Source.Hosts] if the database lists none.
	// An empty inventory would leave nothing to prove.
	ErrNoHosts = errors.New("no hosts in ZStack's database")
)

// Option changes which hosts a [Source] returns, or what it tells.
type Option func(*Source) error

// PrimaryStorage keeps the hosts whose cluster has the primary storage of this uuid
// attached, because no others can open its volumes, and the volumes that lie there.
// Without it, all hosts and all volumes with a zbs:// path count.
func PrimaryStorage(uuid string) Option {
	return func(s *Source) error {
		if uuid == "" {
			return fmt.Errorf("%w: empty uuid of a primary storage", ErrInvalidOption)
		}
		s.storage = uuid
		return nil
	}
}

// WithLogger sets where a [Source] tells what it left out: at Warn, a path that
// cannot be parsed and a host whose maintenance is not believed; at Debug, an address
// that several hosts have. The default discards it.
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

// New returns a source on a database that stays the caller's: the source does not
// close it. The error matches [ErrInvalidOption].
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

// Hosts returns the hosts in the order of their names, and no hosts together with an
// error. The error matches [ErrNoHosts] if there are none. It names every host with an
// address that cannot be read or is another's. All others are the database's or
// those of ctx.
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
