package sqlsource_test

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/zbsclient/zbsclient/hashring"
	"github.com/zbsclient/zbsclient/hashring/sqlsource"
)

func ExampleSource() {
	ctx := context.Background()
	db, err := sql.Open("sqlite", "file:example?mode=memory&cache=shared")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	source, err := sqlsource.New(db, sqlsource.SQLite) // sqlsource.MariaDB on a real one
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sqlsource.CreateTable(ctx, db), source.Register(ctx, hashring.Node{ID: "node-1", Addr: "10.0.0.1:8080"}))

	m, err := hashring.NewMembership("node-1", source)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.Heartbeat(ctx), m.Nodes(), m.OwnedByUs("vol-1"))
	// Output:
	// <nil> <nil>
	// <nil> [node-1] true
}
