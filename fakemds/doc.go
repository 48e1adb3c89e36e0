// Package fakemds is a fake ZBS cluster to test against: any number of metadata
// servers (MDS) with their HTTP agents over one shared storage, with faults on
// demand.
//
//	func TestAttachSurvivesADeadMDS(t *testing.T) {
//		cluster := fakemds.NewCluster(t, 3)
//		cluster.AddVolume("zbs://pool/vol", "10.0.0.5:9001")
//		cluster.Node(0).Inject(fakemds.Refuse)
//		caller, err := mds.New(cluster.Addrs(), mds.WithDialContext(cluster.DialContext))
//		...
//		t.Log(cluster.Node(1).Requests()) // what reached it, and what it executed
//	}
//
// The network is in memory by default and works inside testing/synctest, where
// an hour of time-outs costs nothing; OnLoopback serves on real sockets. The
// package imports nothing of the client, so that it cannot share its mistakes.
//
// # What is faked
//
// Every endpoint of the agent is executed on the storage: pools, volumes,
// snapshots, clones, clients, NBD exports. The agent's quirks are kept as they
// were recorded from its own code (replay_test.go replays them and lists every
// deliberate difference): synchronous JSON labelled text/html, HTML error
// pages, left-out nulls, names compared by substring, success where nothing was
// done, empty client lists without metadata/sync, tasks in flight that are
// dropped silently, callbacks delivered again until they are answered.
//
// Not faked: the shell that names reach on a real MDS, ssh to hosts, data of
// volumes, and one leader among the MDS.
//
// # Faults
//
// Faults are values, injected into a node and acting together until Clear:
//
//	connection   Refuse, Blackhole
//	before       Slow(d), Hang, Reset, Status(code), AgentError(message)
//	after        HangAfter, ResetAfter (LoseReply), StatusAfter(code)
//	the answer   SlowBody(d), Truncate, Garbage
//	callback     CallbackLost, CallbackLate(d), CallbackTwice
//	client list  StaleList
//
// "before" and "after" speak of the execution of the command. Times(n) makes a
// fault act n times, On(endpoints…) on these endpoints alone. A node is
// restarted (sync state lost), stopped, unsynced or made old by its methods.
//
// For an asynchronous command, faults of the answer act on the callback, and
// those that take the response leave the callback alone, save HangAfter: add
// CallbackLost to lose both.
//
// On loopback a counted Refuse and Blackhole act only on DialContext, because
// the kernel accepts connections by itself. A Refuse without Times closes the
// port and the open connections there, too.
//
// # Ledgers
//
// Node.Requests tells what reached a node and how often it was executed,
// Node.Conns every connection and how long it was silent: a silent one holds a
// thread of a real agent for 15 s.
package fakemds
