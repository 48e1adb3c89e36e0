// Package sqlsource feeds a [hashring.Membership] from ZStack's table of management
// nodes. It works with any driver of database/sql, and imports none.
//
//	db, err := sql.Open("mysql", dsn)
//	...
//	source, err := sqlsource.New(db, sqlsource.MariaDB)
//	...
//	m, err := hashring.NewMembership(uuid, source)
//
// # The table
//
// ManagementNodeVO has a row per node: uuid, hostName, port, state, joinDate and
// heartBeat. The rules are ZStack's:
//
//  1. A node is live if its state is RUNNING and its heartbeat is not stale.
//  2. A heartbeat is stale when it is older than (max failures + 1) × interval by
//     the clock of the database. The clocks of the nodes do not matter.
//  3. A node refreshes its own row. If the row is gone, other nodes have declared
//     the node dead. Then [Source.Beat] returns an error that matches
//     [hashring.ErrNotListed], and the membership stops owning keys.
//
// A [Source] writes nothing but the heartBeat of its own node. [CreateTable],
// [Source.Register] and [Source.Unregister] are for programs that maintain the table
// themselves, where no management node does.
package sqlsource
