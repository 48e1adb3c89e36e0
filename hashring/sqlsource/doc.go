// Package sqlsource feeds a [hashring.Membership] from ZStack's table of management
// nodes, through any driver of database/sql; it imports none.
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
//  2. A heartbeat is stale when it has not moved for (max failures + 1) × interval
//     by the clock of the database. No clock of a node counts.
//  3. A node refreshes its own row. If the row has gone, others have declared the
//     node dead: [Source.Beat] returns an error that matches
//     [hashring.ErrNotListed], and the membership stops owning keys.
//
// A [Source] only ever writes the heartBeat of its own node. [CreateTable],
// [Source.Register] and [Source.Unregister] are for programs that keep the table
// themselves, where no management node does.
package sqlsource
