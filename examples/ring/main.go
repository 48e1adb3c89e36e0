// Ring shows two management processes that share volumes over one table. It needs no
// cluster: the table is in an SQLite database in a temporary folder.
//
//	go run ./examples/ring
//
// It also runs on a real database of management nodes, whose rows it only reads:
//
//	go run ./examples/ring -mariadb 'user:password@tcp(127.0.0.1:3306)/zstack' -keys vol-1,vol-2
package main

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	_ "github.com/go-sql-driver/mysql"
	_ "modernc.org/sqlite"

	"github.com/zbsclient/zbsclient/hashring"
	"github.com/zbsclient/zbsclient/hashring/sqlsource"
)

func main() {
	dsn := flag.String("mariadb", "", "data source name of a ZStack database to read")
	keys := flag.String("keys", "vol-1,vol-2,vol-3,vol-4,vol-5,vol-6", "volumes to place")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, *dsn, strings.Split(*keys, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, dsn string, keys []string) error {
	if dsn != "" {
		return look(ctx, out, dsn, keys)
	}
	return play(ctx, out, keys)
}

// look reads a real table. It only observes: it owns nothing and writes nothing.
func look(ctx context.Context, out io.Writer, dsn string, keys []string) error {
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	source, err := sqlsource.New(db, sqlsource.MariaDB)
	if err != nil {
		return err
	}
	m, err := hashring.NewMembership("", source, hashring.WithPlacement(hashring.ZStack))
	if err != nil {
		return err
	}
	if err := m.Heartbeat(ctx); err != nil {
		return err
	}
	for _, key := range keys {
		owner, ok := m.Owner(key)
		if !ok {
			owner = "none: no node is running"
		}
		fmt.Fprintf(out, "%s: %s\n", key, owner)
	}
	return nil
}

// play lets two nodes share keys until the row of one is deleted.
func play(ctx context.Context, out io.Writer, keys []string) error {
	dir, err := os.MkdirTemp("", "ring")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	db, err := sql.Open("sqlite", filepath.Join(dir, "nodes.db"))
	if err != nil {
		return err
	}
	defer db.Close()
	if err := sqlsource.CreateTable(ctx, db); err != nil {
		return err
	}
	source, err := sqlsource.New(db, sqlsource.SQLite)
	if err != nil {
		return err
	}
	var nodes []*hashring.Membership
	for _, id := range []string{"node-1", "node-2"} {
		if err := source.Register(ctx, hashring.Node{ID: id, Addr: id + ":8080"}); err != nil {
			return err
		}
		m, err := hashring.NewMembership(id, source)
		if err != nil {
			return err
		}
		m.Observe(func(e hashring.Event) {
			if e.Reason == hashring.Fenced {
				fmt.Fprintf(out, "%s was fenced\n", e.Node.ID)
			}
		})
		nodes = append(nodes, m)
	}
	round(ctx, out, nodes, keys) // a program calls Membership.Run instead
	fmt.Fprintln(out, "\nthe row of node-2 is deleted")
	if err := source.Unregister(ctx, "node-2"); err != nil {
		return err
	}
	round(ctx, out, nodes, keys)
	round(ctx, out, nodes, keys)
	return nil
}

// round lets both nodes do a heartbeat and prints what each then owns.
func round(ctx context.Context, out io.Writer, nodes []*hashring.Membership, keys []string) {
	for i, m := range nodes {
		if err := m.Heartbeat(ctx); err != nil {
			fmt.Fprintf(out, "node-%d: %v\n", i+1, err)
		}
	}
	for i, m := range nodes {
		var owned []string
		for _, key := range keys {
			if m.OwnedByUs(key) {
				owned = append(owned, key)
			}
		}
		fmt.Fprintf(out, "node-%d of %v owns %v\n", i+1, m.Nodes(), owned)
	}
}
