package guardconfig

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"go.yaml.in/yaml/v3"

	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/zstackhosts"
)

// databaseSection names ZStack's own database by its DSN. The DSN can be in the
// environment or in a file, so the configuration needs no password.
type databaseSection struct {
	DSN            yaml.Node `yaml:"dsn"`
	DSNFile        yaml.Node `yaml:"dsnFile"`
	DSNEnv         yaml.Node `yaml:"dsnEnv"`
	PrimaryStorage yaml.Node `yaml:"primaryStorage"`
}

func (s databaseSection) given() bool {
	return s.DSN.Kind != 0 || s.DSNFile.Kind != 0 || s.DSNEnv.Kind != 0 || s.PrimaryStorage.Kind != 0
}

// database holds how to reach ZStack's database.
type database struct {
	where   string        // file and line of its configuration
	config  *mysql.Config // with the password
	storage string        // uuid of the primary storage; empty: hosts of all
}

func (r *reader) database(s databaseSection) *database {
	d := &database{where: at(r.path, max(s.DSN.Line, s.DSNFile.Line, s.DSNEnv.Line, s.PrimaryStorage.Line))}
	if s.PrimaryStorage.Kind != 0 {
		d.storage = r.text("zstackDatabase: primaryStorage", s.PrimaryStorage)
	}
	failed := len(r.errs)
	dsn := r.dsn(s)
	if len(r.errs) > failed {
		return d
	}
	config, err := mysql.ParseDSN(dsn)
	if err != nil { // its text may quote the password
		r.errs = append(r.errs, fmt.Errorf("%s: zstackDatabase: the DSN cannot be read, want USER:PASSWORD@tcp(HOST:PORT)/DATABASE", d.where))
		return d
	}
	config.Logger = &mysql.NopLogger{} // it would write to stderr
	if config.Timeout == 0 {
		config.Timeout = databaseTimeout
	}
	if config.ReadTimeout == 0 {
		config.ReadTimeout = databaseTimeout
	}
	d.config = config
	return d
}

// databaseTimeout bounds a connect and each read, unless the DSN says otherwise.
const databaseTimeout = 10 * time.Second

// dsn returns the DSN from the one key that is set.
func (r *reader) dsn(s databaseSection) string {
	named := 0
	for _, n := range []yaml.Node{s.DSN, s.DSNFile, s.DSNEnv} {
		if n.Kind != 0 {
			named++
		}
	}
	if named != 1 {
		r.fail(max(s.DSN.Line, s.DSNFile.Line, s.DSNEnv.Line, s.PrimaryStorage.Line), "zstackDatabase: want one of dsnFile, dsnEnv and dsn")
		return ""
	}
	switch {
	case s.DSNFile.Kind != 0:
		data, err := os.ReadFile(r.beside(r.text("zstackDatabase: dsnFile", s.DSNFile)))
		if err != nil {
			r.fail(s.DSNFile.Line, "zstackDatabase: dsnFile: %w", err)
		}
		return strings.TrimSpace(string(data))
	case s.DSNEnv.Kind != 0:
		name := r.text("zstackDatabase: dsnEnv", s.DSNEnv)
		if r.getenv(name) == "" {
			r.fail(s.DSNEnv.Line, "zstackDatabase: the environment variable %s is empty", name)
		}
		return r.getenv(name)
	default:
		return s.DSN.Value
	}
}

// open returns the source of hosts. It connects to the database once. If that fails,
// the error matches ErrUnreachable.
func (d *database) open(ctx context.Context, logger *slog.Logger) (guard.HostSource, io.Closer, error) {
	connector, err := mysql.NewConnector(d.config)
	if err != nil {
		return nil, nil, d.hide(err)
	}
	db := sql.OpenDB(connector)
	if err := db.PingContext(ctx); err != nil {
		db.Close()
		return nil, nil, fmt.Errorf("%w: %w", ErrUnreachable, d.hide(err))
	}
	opts := []zstackhosts.Option{zstackhosts.WithLogger(logger)}
	if d.storage != "" {
		opts = append(opts, zstackhosts.PrimaryStorage(d.storage))
	}
	source, err := zstackhosts.New(db, opts...)
	if err != nil {
		db.Close()
		return nil, nil, err
	}
	return hiding{source, d}, db, nil
}

// hiding is a source whose errors do not show the password.
type hiding struct {
	guard.HostSource
	database *database
}

// Hosts returns the hosts of the database.
func (h hiding) Hosts(ctx context.Context) ([]guard.Host, error) {
	hosts, err := h.HostSource.Hosts(ctx)
	return hosts, h.database.hide(err)
}

// hide removes the password from an error's text, and says where the database is
// configured.
func (d *database) hide(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if d.config != nil && d.config.Passwd != "" {
		text = strings.ReplaceAll(text, d.config.Passwd, "***")
	}
	return &hidden{d.where + ": zstackDatabase: " + text, err}
}

// hidden is an error with another text.
type hidden struct {
	text string
	err  error
}

// Error returns the text without the password.
func (h *hidden) Error() string { return h.text }

// Unwrap returns the original error. Match it, but do not print it.
func (h *hidden) Unwrap() error { return h.err }
