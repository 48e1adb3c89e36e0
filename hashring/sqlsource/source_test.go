package sqlsource_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"
	_ "modernc.org/sqlite"

	"github.com/zbsclient/zbsclient/hashring"
	"github.com/zbsclient/zbsclient/hashring/sqlsource"
)

// backend is a database under test. Its clock cannot be changed, so age makes a
// heartbeat older instead.
type backend struct {
	db      *sql.DB
	dialect sqlsource.Dialect
	age     string // an UPDATE with the seconds and the uuid as parameters
}

// eachBackend runs one contract on SQLite and on a real MariaDB.
func eachBackend(t *testing.T, test func(t *testing.T, b backend)) {
	t.Run("sqlite", func(t *testing.T) {
		db := open(t, "sqlite", filepath.Join(t.TempDir(), "nodes.db"))
		test(t, backend{db, sqlsource.SQLite,
			`UPDATE ManagementNodeVO SET heartBeat = datetime(heartBeat, '-' || ? || ' seconds') WHERE uuid = ?`})
	})
	t.Run("mariadb", func(t *testing.T) {
		dsn := os.Getenv("ZBS_TEST_MARIADB_DSN")
		if dsn == "" {
			t.Skip("no MariaDB at hand: ZBS_TEST_MARIADB_DSN is unset (.ci/mariadb start DIR prints one)")
		}
		db := open(t, "mysql", dsn)
		test(t, backend{db, sqlsource.MariaDB,
			`UPDATE ManagementNodeVO SET heartBeat = heartBeat - INTERVAL ? SECOND WHERE uuid = ?`})
	})
}

// open opens a database in which ManagementNodeVO is new and empty.
func open(t *testing.T, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	exec(t, db, `DROP TABLE IF EXISTS ManagementNodeVO`)
	if err := sqlsource.CreateTable(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	return db
}

func exec(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func (b backend) source(t *testing.T, options ...sqlsource.Option) *sqlsource.Source {
	t.Helper()
	s, err := sqlsource.New(b.db, b.dialect, options...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func register(t *testing.T, s *sqlsource.Source, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if err := s.Register(t.Context(), hashring.Node{ID: id, Addr: id + ".example:8080"}); err != nil {
			t.Fatal(err)
		}
	}
}

func wantIDs(t *testing.T, s *sqlsource.Source, want ...string) {
	t.Helper()
	nodes, err := s.Nodes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range nodes {
		got = append(got, n.ID)
	}
	if !slices.Equal(got, want) {
		t.Errorf("nodes are %q, want %q", got, want)
	}
}

func TestNodesTellTheRow(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		s := b.source(t)
		register(t, s, "a")
		exec(t, b.db, `INSERT INTO ManagementNodeVO (uuid, state, heartBeat) VALUES ('bare', 'RUNNING', CURRENT_TIMESTAMP)`)
		got, err := s.Nodes(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			// The database is on this machine, so its clock is ours.
			if age := time.Since(got[i].Heartbeat); age < -2*time.Second || age > time.Minute {
				t.Errorf("heartbeat of %s is %v old", got[i].ID, age)
			}
			got[i].Heartbeat = time.Time{}
		}
		want := []hashring.Node{{ID: "a", Addr: "a.example:8080"}, {ID: "bare"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("nodes (-want +got):\n%s", diff)
		}
	})
}

func TestOnlyRunningNodesCount(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		s := b.source(t)
		register(t, s, "a", "b")
		exec(t, b.db, `UPDATE ManagementNodeVO SET state = 'JOINING' WHERE uuid = 'a'`)
		wantIDs(t, s, "b")
	})
}

func TestStaleHeartbeat(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		s := b.source(t, sqlsource.WithInterval(100*time.Second), sqlsource.WithMaxFailures(2))
		register(t, s, "a", "b", "c")
		exec(t, b.db, b.age, 250, "b")
		exec(t, b.db, b.age, 301, "c") // the limit is (2 + 1) × 100 s
		wantIDs(t, s, "a", "b")
		if err := s.Beat(t.Context(), "c"); err != nil {
			t.Fatal(err)
		}
		wantIDs(t, s, "a", "b", "c")
	})
}

func TestBeat(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		s := b.source(t)
		register(t, s, "a")
		for range 20 { // most of them in the same second, so no row changes
			if err := s.Beat(t.Context(), "a"); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Unregister(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		if err := s.Beat(t.Context(), "a"); !errors.Is(err, hashring.ErrNotListed) {
			t.Errorf("beat without a row: %v, want ErrNotListed", err)
		}
	})
}

func TestFailureIsNoAnswer(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		s := b.source(t)
		exec(t, b.db, `DROP TABLE ManagementNodeVO`)
		if nodes, err := s.Nodes(t.Context()); err == nil {
			t.Errorf("nodes without a table are %v, want an error", nodes)
		}
		if err := s.Beat(t.Context(), "a"); err == nil || errors.Is(err, hashring.ErrNotListed) {
			t.Errorf("beat without a table: %v, want an error other than ErrNotListed", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Nodes(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("nodes after the end of ctx: %v, want context.Canceled", err)
		}
	})
}

// TestTwoMembershipsOnOneTable plays the life of a pair of management nodes.
func TestTwoMembershipsOnOneTable(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		s := b.source(t)
		register(t, s, "a", "b")
		members := make(map[string]*hashring.Membership)
		for _, id := range []string{"a", "b"} {
			m, err := hashring.NewMembership(id, s)
			if err != nil {
				t.Fatal(err)
			}
			members[id] = m
		}
		round := func(id string, want error) {
			t.Helper()
			if err := members[id].Heartbeat(t.Context()); !errors.Is(err, want) {
				t.Errorf("heartbeat of %s: %v, want %v", id, err, want)
			}
		}
		owned := func() (both, none int) {
			for i := range 1000 {
				key := fmt.Sprint("volume-", i)
				a, b := members["a"].OwnedByUs(key), members["b"].OwnedByUs(key)
				if a && b {
					both++
				}
				if !a && !b {
					none++
				}
			}
			return both, none
		}
		round("a", nil)
		round("b", nil)
		if both, none := owned(); both+none != 0 {
			t.Errorf("%d keys owned twice and %d by nobody, want none", both, none)
		}

		// b stops until a takes it for dead and deletes its row.
		exec(t, b.db, b.age, 3600, "b")
		round("a", nil)
		round("a", nil)
		if got := members["a"].Nodes(); !slices.Equal(got, []string{"a"}) {
			t.Errorf("a sees %q, want itself alone", got)
		}
		if err := s.Unregister(t.Context(), "b"); err != nil {
			t.Fatal(err)
		}
		round("b", hashring.ErrFenced)
		if both, none := owned(); both+none != 0 {
			t.Errorf("after the fence %d keys owned twice and %d by nobody, want none", both, none)
		}
	})
}

func TestInvalidOptions(t *testing.T) {
	_, err := sqlsource.New(nil, sqlsource.Dialect{},
		sqlsource.WithInterval(1500*time.Millisecond), sqlsource.WithMaxFailures(-1))
	if !errors.Is(err, sqlsource.ErrInvalidOption) {
		t.Errorf("got %v, want ErrInvalidOption", err)
	}
}

func TestRegisterRefusesAnAddressWithoutPort(t *testing.T) {
	db := open(t, "sqlite", filepath.Join(t.TempDir(), "nodes.db"))
	s, err := sqlsource.New(db, sqlsource.SQLite)
	if err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{"host", "host:http", "host:70000"} {
		if err := s.Register(t.Context(), hashring.Node{ID: "a", Addr: addr}); err == nil {
			t.Errorf("address %q was registered", addr)
		}
	}
}
