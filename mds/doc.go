// Package mds calls the metadata servers (MDS) of a ZBS cluster: one call to
// whichever of them answers.
//
//	caller, err := mds.New([]string{"mds-a", "mds-b", "mds-c"})
//	defer caller.Close()
//	info, err := mds.Call(ctx, caller, zbs.QueryVolume{Path: path}, mds.TryNext())
//
// The type of the command fixes the endpoint and the type of the answer.
//
// # Who is asked next
//
// A call walks over the candidates, each asked at most once:
//
//  1. The order is the router's for RouteKey, or the list's without a key.
//     Among these, MDS whose circuit breaker is closed come first, those of them
//     that failed just before behind the others; then half-open ones, then open
//     ones, and last those that a Session knows to be disconnected. Of those that
//     are well, one with a free connection comes before one without, and if none
//     has one, the one with the least to do. Those that failed take turns. No
//     breaker keeps the last candidate from being asked.
//  2. An MDS that provably has not got the request (no connection, TLS failure)
//     is passed over, whatever the command and the options.
//  3. After a reset, an end of the connection, a broken or foreign answer or an
//     HTTP 5xx the request may have run: a command that must not run twice
//     stops there, others go on.
//  4. After a time-out, also that of a callback, the same, and others go on
//     only with TryNext.
//  5. After an HTTP 4xx, which means that the agent does not know the endpoint,
//     every command goes on with TryNext and stops without.
//  6. After the agent's own refusal (success false) a command that must not run
//     twice stops; others go on with TryNext.
//     An agent that is too old for the command, or cannot do it, is passed over like
//     one that was not reached: it is sent nothing (Recognition).
//  7. When the caller's context is done, or SendOnlyWhile says no, the walk stops.
//  8. A read with TryNext goes on to the next MDS also while the one before is at
//     work, once that takes longer than its stagger. The first answer is the
//     call's; the other attempts are cancelled and their connections closed.
//     Commands that change something go to one MDS at a time.
//  9. Asking another MDS when a request of the call may have reached one that has
//     not answered is an extra attempt, and takes one from the Caller's retry
//     budget. When that is spent, MDS that failed just before are not asked
//     (ErrRetryBudget), and the error says what they did last. One that did not
//     is asked all the same: at once after a failure, after a long while when
//     one is slow. An agent's refusal is an answer, and costs nothing.
//
// What failed is a *WalkError with every attempt. It matches ErrAmbiguous when
// a command that changes the storage may have run. Record tells of any call why
// each MDS was asked or was not.
//
// # Time
//
// Each attempt takes at most the attempt time-out, from connecting to the last
// byte of the answer or callback (DefaultAttemptTimeout); connecting alone at
// most DefaultConnectTimeout. A call may take as many attempts as there are
// MDS: bound it with its context.
//
// The stagger is four times what the MDS usually takes for the endpoint, within
// DefaultLeastStagger and DefaultMostStagger (WithStagger) but at least twice what
// the quickest MDS takes, and 20 ms as long as none has answered it. So a hung MDS
// costs a read milliseconds.
//
// # Retry budget
//
// The budget starts with DefaultRetryBudget extra attempts and holds no more; a
// call that succeeds earns a tenth of one, and so do ten seconds
// (WithRetryBudget). So a total outage adds at most a tenth to the requests, once
// those are spent, and who calls now and then asks everybody.
//
// # Breakers
//
// Three attempts in a row that got no answer, or were overtaken by an MDS that
// was asked later, open an MDS's breaker (DefaultBreakerFailures). A refusal by
// the agent is an answer. An attempt that the caller's context ended counts as
// nothing, and so does waiting for a connection of our own, and losing to an MDS
// that was asked earlier.
//
// An MDS that failed is probed beside the reads that others answer, which do not
// wait for it: by an echo every 200 ms at most, and by the command that the read
// had, one at a time, when an echo was answered or took too long. An answer to
// the command closes the breaker. So one that is back is noticed within 300 ms of
// reads, one whose storage hung behind an agent that echoes within some 4 s, and
// one that is merely slow gets its turn again. Changes and calls with Target alone
// probe nobody. WithOnBreaker tells of every change.
//
// # Recognition
//
// Agents of several generations are in the field (zbs.Generations). Old ones answer
// success to commands of today without doing anything, and facts is a write on two
// of them. So the first contact with an MDS is a small request that no agent
// executes: it finds out whether the agent knows volume/clients, as all have since
// ZStack 5.4.0. An agent without it is sent nothing else (ErrAgentTooOld), and the
// next MDS is asked. Commands that generations take in different forms ask a little
// more: before a password is sent to an agent, that agent has just shown that it
// has the endpoint and needs the password. Echo and volume/clients need no
// recognition: every agent understands them, or refuses them with a 404.
//
// What an agent can do is asked once per MDS. It is asked again when the MDS broke
// a connection or refused one, has not answered anything for a minute, answers 404
// to what it had, or comes back in a Session. The premise is that an agent which is
// replaced by one of an older release does not answer meanwhile.
//
// A recognition is part of the attempt, and counts in MDSStats.Recognitions. As long
// as another MDS can be asked, it takes at most the most of the stagger; then that
// MDS is put behind the others. With WithStagger(0, 0) only the attempt's time-out
// bounds it. Recognise asks for all that tells generations apart.
//
// # Connections
//
// An agent has 10 threads, and a connection that says nothing holds one for
// 15 s. So each MDS gets few connections (DefaultConnections), they are reused
// and closed when idle for 10 s, a connect ends with the attempt that wanted
// it, and a connection on which nothing was sent is closed at once. A read
// whose reused connection turns out dead is repeated once at once.
//
// Who finds the connections to all MDS taken waits, first come first served, and
// leaves the queue of an MDS that fails meanwhile. A read also goes to one that has
// a connection free by then; that costs nothing, for it was not sent. Asynchronous commands under way are bounded as well
// (DefaultParallel), reads and changes apart.
//
// # Callbacks
//
// The answer to an asynchronous command is posted by the agent. The Caller
// listens on a free port of all interfaces from its first such call on and
// names the local address that routes to the MDS; behind an address translation
// set WithCallbackURL, to use a server of your own WithMountedCallbacks. A task
// id is 128 random bits, fresh for each attempt.
//
// # Sessions
//
// Connect makes a Session, which watches over the MDS: that they belong to one
// cluster, that none is too old, and by pings which of them serve. Those that do
// not are asked last. During an upgrade Status says which MDS is behind. A program that makes a call now and then needs none.
//
// # Counters
//
// Caller.Stats is what was counted of every MDS and endpoint: attempts and how
// they ended, whom calls skipped and why, latencies, breakers. Packages mdsprom
// and mdsotel hand it to Prometheus and, through a Hook, calls and attempts to
// OpenTelemetry.
//
// # Tests
//
// Package fakemds is a cluster to test with:
//
//	cluster := fakemds.NewCluster(t, 3)
//	caller, err := mds.New(cluster.Addrs(), mds.WithDialContext(cluster.DialContext))
package mds
