package sqlsource

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/zbsclient/zbsclient/hashring"
)

// ErrInvalidOption is matched by the error of [New] for each invalid value.
var ErrInvalidOption = errors.New("invalid option")

// Option changes how a [Source] evaluates heartbeats.
type Option func(*Source) error

// WithInterval sets the time between two heartbeats of a node. It must be whole
// seconds, as the database keeps them. The default is 5 s, as in ZStack.
func WithInterval(d time.Duration) Option {
	return func(s *Source) error {
		if d < time.Second || d%time.Second != 0 {
			return fmt.Errorf("%w: interval %v, want whole seconds", ErrInvalidOption, d)
		}
		s.interval = d
		return nil
	}
}

// WithMaxFailures sets how many heartbeats a node may miss. The default is 5, as in
// ZStack.
func WithMaxFailures(n int) Option {
	return func(s *Source) error {
		if n < 0 {
			return fmt.Errorf("%w: %d failures", ErrInvalidOption, n)
		}
		s.maxFailures = n
		return nil
	}
}

// Source reads and refreshes the table ManagementNodeVO. It is a [hashring.Beater].
// Use [New]; the zero value is not usable. All methods may be called concurrently.
type Source struct {
	db          *sql.DB
	dialect     Dialect
	interval    time.Duration
	maxFailures int
	list        string
}

var _ hashring.Beater = (*Source)(nil)

// New returns a source that reads from db. It does not close db. The error matches
// [ErrInvalidOption].
func New(db *sql.DB, dialect Dialect, options ...Option) (*Source, error) {
	s := &Source{db: db, dialect: dialect, interval: 5 * time.Second, maxFailures: 5}
	var errs []error
	if db == nil {
		errs = append(errs, fmt.Errorf("%w: no database", ErrInvalidOption))
	}
	if dialect.unix == "" {
		errs = append(errs, fmt.Errorf("%w: no dialect", ErrInvalidOption))
	}
	for _, option := range options {
		errs = append(errs, option(s))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	beat, now := dialect.seconds("heartBeat"), dialect.seconds("CURRENT_TIMESTAMP")
	s.list = `SELECT uuid, hostName, port, ` + beat + ` FROM ManagementNodeVO` +
		` WHERE state = 'RUNNING' AND ` + now + ` - ` + beat + ` <= ? ORDER BY uuid`
	return s, nil
}

// Nodes returns the nodes that are running and whose heartbeat is not stale. An error
// is one of the database.
func (s *Source) Nodes(ctx context.Context) (nodes []hashring.Node, err error) {
	patience := s.interval * time.Duration(s.maxFailures+1)
	rows, err := s.db.QueryContext(ctx, s.list, int64(patience/time.Second))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var (
			node hashring.Node
			host sql.NullString
			port sql.NullInt64
			beat float64 // MariaDB answers with a decimal if the column has fractions
		)
		if err := rows.Scan(&node.ID, &host, &port, &beat); err != nil {
			return nil, err
		}
		node.Addr = host.String
		if port.Valid {
			node.Addr = net.JoinHostPort(host.String, strconv.FormatInt(port.Int64, 10))
		}
		node.Heartbeat = time.Unix(int64(beat), 0)
		nodes = append(nodes, node)
	}
	return nodes, rows.Err()
}

// Beat sets the heartbeat of a node to the database's time. The error matches
// [hashring.ErrNotListed] if the table has no such row.
func (s *Source) Beat(ctx context.Context, id string) error {
	result, err := s.db.ExecContext(ctx, `UPDATE ManagementNodeVO SET heartBeat = CURRENT_TIMESTAMP WHERE uuid = ?`, id)
	if err != nil {
		return err
	}
	if changed, err := result.RowsAffected(); err == nil && changed > 0 {
		return nil
	}
	// MariaDB counts rows that changed, not rows that matched. A second heartbeat in
	// the same second changes no row, and must not look like a lost row.
	var found int
	if err := s.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM ManagementNodeVO WHERE uuid = ?`, id).Scan(&found); err != nil {
		return err
	}
	if found == 0 {
		return fmt.Errorf("ManagementNodeVO has no row %q: %w", id, hashring.ErrNotListed)
	}
	return nil
}
