// Package hashring says which node owns a key, and in which order the others follow.
//
// It attaches no meaning to keys, and imports nothing of this module. The shortest
// program:
//
//	ring := hashring.New(hashring.Default, "mds-a", "mds-b", "mds-c")
//	owner, ok := ring.Owner("pool/volume-42") // ok is false for an empty ring
//	for node := range ring.Walk("pool/volume-42") {
//		// yields the owner first, then every other node once
//	}
//
// Processes that share the work on keys use a [Membership] on top, over a table of
// live nodes. Package sqlsource reads ZStack's table for it.
//
// # What a ring promises
//
//  1. The owner of a key is the first node of its order. [Ring.Owners] and
//     [Ring.Walk] return more of the same order.
//  2. Under [Default] the order depends on the key and on the set of nodes with
//     their weights. It does not depend on history, process, platform or version of
//     this package.
//  3. Under [Default] a node that leaves is cut out of every order, and all other
//     nodes keep their places. Its keys go to the next node of their order, and no
//     other key moves. A node that joins takes only the keys that it then owns.
//  4. Under [Default] shares follow the weights. Relative to the mean share their
//     standard deviation is sqrt(nodes/2^18), in addition to the scatter of the keys themselves.
//  5. If both get the same adds and removes in the same order, every answer under
//     [ZStack] equals that of the management node's ring, even where two nodes hash to
//     the same position of the ring. Nodes after the owner follow in the order of their positions. A node
//     that lost all its positions to others owns nothing and comes last.
//
// Keys are bytes. Only [ZStack] reads them as text, since it hashes UTF-16 as Java
// does. A rune above U+FFFF counts as two surrogates. Each byte of a Go string that
// is not UTF-8 counts as one U+FFFD. Java's own decoder may turn several such bytes
// into one U+FFFD. So a malformed key can have another owner in Java, and two
// different malformed keys can be one key here.
//
// # What a membership promises
//
// [Membership.Heartbeat] has the rules of a round. In short: no node leaves because
// of one missing read. A source that fails changes nothing. A node whose own entry
// is gone owns nothing from its next round on, which finds that.
//
// A membership is no lock. A node sees a join in its next round, and a leave after as
// many rounds as [WithRounds] says. Two nodes can see the same change at different times.
// Until both have seen it, a key may have two owners or none. While the source cannot be reached, a node
// keeps owning its keys. Where two owners do harm, check [Membership.Status], and
// stop when the last good round is older than the time after which the source
// declares a node dead.
//
// # Concurrency
//
// Everything may be called from many goroutines. A lookup reads one immutable
// snapshot through an atomic pointer and takes no lock. It sees the ring before or
// after a change, never between. Writers wait for each other, copy the ring and
// publish the copy. Observers are called outside all locks.
//
// # Testing with it
//
// [Static] is a source that never changes. A source in memory needs one method, or
// two if nodes have to keep themselves alive ([Beater]). [Membership.Heartbeat] does
// one round without a clock. [Membership.Run] runs on virtual time in a
// testing/synctest bubble.
//
// # Cost
//
// Nanoseconds per lookup of a key of 32 characters, without allocation, on one core
// of an AMD EPYC virtual machine (Go 1.26, medians of three):
//
//	nodes                        3     16    128   1000
//	Default  Owner              6.2    6.3    6.8    6.7
//	         first three       12.7   12.8   12.8   12.9
//	ZStack   Owner             11.7   11.9   11.6   12.2
//	         first three       17.8   17.9   18.2   19.0
//
// Two goroutines on two cores do twice as many lookups: elapsed time per Owner at 16
// nodes, both together, is 3.4 ns with Default and 5.8 ns with ZStack. Adding a node to
// 15 takes 2.3 ms with Default and 0.2 ms with ZStack, removing it 2.4 ms and 0.2 ms.
// [New] with 1,000 nodes takes 0.4 s and 0.04 s. A ring of Default holds a table of
// 1.5 MiB, whatever its size. A ring of up to three nodes of weight 1 gets it with its
// 1,024th lookup, which takes milliseconds; [New] takes 1 µs, and the lookups before
// take about twice the time above. Measured with
//
//	go test -run '^$' -bench . -count 3 -cpu 1,2 ./hashring
//
// In comparison with other libraries (nanoseconds per lookup, and largest load
// divided by the mean, over 200,000 keys; buraksezer, rendezvous and jump use FNV-1a):
//
//	nodes                                 3           16          128         1000
//	hashring, Default             7.5  1.00    7.5  1.02    7.5  1.07    7.8  1.34
//	hashring, ZStack             13.3  1.42   13.9  2.54   13.5  2.89   13.8  3.88
//	dgryski/go-jump                39  1.00     44  1.02     48  1.07     67  1.28
//	dgryski/go-rendezvous          35  1.00     64  1.01    218  1.08   1212  1.25
//	buraksezer/consistent          78  1.25     81  1.19     87  1.31    101  1.50
//	stathat.com/c/consistent      110  1.22    126  1.72    140  2.12    164  2.87
//	serialx/hashring              238  1.44    257  3.79    276  7.60    312  7.52
//
// Measured with
//
//	cd bench && go test -run '^$' -bench Owner -cpu 1 .
//
// With 10^6 keys the largest load of Default is 1.006, 1.019 and 1.092 times the mean
// at 3, 16 and 128 nodes (TestBalance).
package hashring
