package zstackhosts_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"os"
	"path/filepath"
	"testing"

	_ "github.com/go-sql-driver/mysql"
	_ "modernc.org/sqlite"
)

// tables are the tables of ZStack, with the columns that this package reads. As in
// ZStack, HostVO is a view over the rows that are not deleted.
var tables = []string{
	`CREATE TABLE HostEO (uuid varchar(32) NOT NULL PRIMARY KEY, clusterUuid varchar(32) NOT NULL,
		name varchar(255) NOT NULL, managementIp varchar(255) NOT NULL, state varchar(32) NOT NULL,
		deleted varchar(255) DEFAULT NULL)`,
	`CREATE VIEW HostVO AS SELECT uuid, clusterUuid, name, managementIp, state FROM HostEO WHERE deleted IS NULL`,
	`CREATE TABLE SystemTagVO (resourceUuid varchar(32) NOT NULL, resourceType varchar(64) NOT NULL, tag varchar(2048) NOT NULL)`,
	`CREATE TABLE VmInstanceVO (uuid varchar(32) NOT NULL PRIMARY KEY, hostUuid varchar(32) DEFAULT NULL, state varchar(128) NOT NULL)`,
	`CREATE TABLE VolumeVO (uuid varchar(32) NOT NULL PRIMARY KEY, primaryStorageUuid varchar(32) DEFAULT NULL,
		vmInstanceUuid varchar(32) DEFAULT NULL, installPath varchar(1024) DEFAULT NULL)`,
	`CREATE TABLE PrimaryStorageClusterRefVO (primaryStorageUuid varchar(32) NOT NULL, clusterUuid varchar(32) NOT NULL)`,
}

var dropTables = []string{
	`DROP VIEW IF EXISTS HostVO`,
	`DROP TABLE IF EXISTS HostEO`,
	`DROP TABLE IF EXISTS SystemTagVO`,
	`DROP TABLE IF EXISTS VmInstanceVO`,
	`DROP TABLE IF EXISTS VolumeVO`,
	`DROP TABLE IF EXISTS PrimaryStorageClusterRefVO`,
}

// eachDatabase runs a test on SQLite and on a real MariaDB, with empty tables.
func eachDatabase(t *testing.T, test func(t *testing.T, z zstack)) {
	t.Run("sqlite", func(t *testing.T) {
		// With a write-ahead log a writer does not wait for readers, as in MariaDB.
		test(t, open(t, "sqlite", filepath.Join(t.TempDir(), "zstack.db")+"?_pragma=journal_mode(wal)"))
	})
	t.Run("mariadb", func(t *testing.T) {
		dsn := os.Getenv("ZBS_TEST_MARIADB_DSN")
		if dsn == "" {
			t.Skip("no MariaDB at hand: ZBS_TEST_MARIADB_DSN is unset (.ci/mariadb start DIR prints one)")
		}
		test(t, open(t, "mysql", dsn))
	})
}

// zstack is a database under test.
type zstack struct {
	t   *testing.T
	db  *sql.DB
	dsn string
}

// open opens a database in which ZStack's tables are new and empty.
func open(t *testing.T, name, dsn string) zstack {
	t.Helper()
	db, err := sql.Open(name, dsn)
	if err != nil {
		t.Fatal(err)
	}
	z := zstack{t, db, dsn}
	z.exec(dropTables...)
	t.Cleanup(func() {
		for _, drop := range dropTables {
			if _, err := db.Exec(drop); err != nil {
				t.Error(err)
			}
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	z.exec(tables...)
	return z
}

func (z zstack) exec(queries ...string) {
	z.t.Helper()
	for _, query := range queries {
		z.run(query)
	}
}

func (z zstack) run(query string, args ...any) {
	z.t.Helper()
	if _, err := z.db.ExecContext(z.t.Context(), query, args...); err != nil {
		z.t.Fatalf("%s: %v", query, err)
	}
}

// host adds a host of cluster c1.
func (z zstack) host(uuid, name, addr, state string) {
	z.t.Helper()
	z.run(`INSERT INTO HostEO (uuid, clusterUuid, name, managementIp, state) VALUES (?, 'c1', ?, ?, ?)`, uuid, name, addr, state)
}

func (z zstack) tag(host, tag string) {
	z.t.Helper()
	z.run(`INSERT INTO SystemTagVO (resourceUuid, resourceType, tag) VALUES (?, 'HostVO', ?)`, host, tag)
}

// machine adds a machine with volumes of primary storage ps1.
func (z zstack) machine(uuid, host, state string, paths ...string) {
	z.t.Helper()
	z.run(`INSERT INTO VmInstanceVO (uuid, hostUuid, state) VALUES (?, NULLIF(?, ''), ?)`, uuid, host, state)
	for i, path := range paths {
		z.run(`INSERT INTO VolumeVO (uuid, primaryStorageUuid, vmInstanceUuid, installPath) VALUES (?, 'ps1', ?, NULLIF(?, ''))`,
			uuid+string(rune('a'+i)), uuid, path)
	}
}

// watched opens the same database through a driver that shows each query.
func (z zstack) watched(w watch) *sql.DB {
	z.t.Helper()
	db := sql.OpenDB(connector{z.db.Driver(), z.dsn, w})
	z.t.Cleanup(func() {
		if err := db.Close(); err != nil {
			z.t.Error(err)
		}
	})
	return db
}

// watch sees each query before it runs, and may replace its rows.
type watch struct {
	before func(query string)
	rows   func(query string, rows driver.Rows) driver.Rows
}

type connector struct {
	driver driver.Driver
	dsn    string
	watch  watch
}

func (c connector) Driver() driver.Driver { return c.driver }

func (c connector) Connect(context.Context) (driver.Conn, error) {
	inner, err := c.driver.Open(c.dsn)
	return conn{inner, c.watch}, err
}

type conn struct {
	driver.Conn
	watch watch
}

func (c conn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, options)
}

func (c conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if c.watch.before != nil {
		c.watch.before(query)
	}
	rows, err := c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
	if err == nil && c.watch.rows != nil {
		rows = c.watch.rows(query, rows)
	}
	return rows, err
}
