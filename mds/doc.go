// Package mds calls the metadata servers (MDS) of a ZBS cluster. A call succeeds as
// long as one MDS that may be asked answers it.
//
//	caller, err := mds.New([]string{"mds-a", "mds-b", "mds-c"})
//	defer caller.Close()
//	info, err := mds.Call(ctx, caller, zbs.QueryVolume{Path: path}, mds.TryNext())
//
// The type of the command fixes the endpoint and the type of the answer.
//
// # Which MDS is asked next
//
// A call asks each candidate at most once:
//
//  1. The router gives the order for RouteKey; without a key it is that of the list.
//     MDS whose circuit breaker is closed come first, and among these the ones that
//     failed last come behind the others. Half-open breakers follow, then open ones,
//     and last the MDS that a Session knows to be disconnected. Among healthy MDS one
//     with a free connection goes first, or the one with the fewest attempts. Failed
//     MDS are tried in rotation. An open breaker never blocks the last candidate.
//  2. An MDS that provably has not got the request (no connection, TLS failure) is
//     passed over, whatever the command and the options.
//  3. After a reset, an end of the connection, a broken or foreign answer or an HTTP
//     5xx the request may have run. A command that must not run twice stops there,
//     others go on.
//  4. A time-out, that of a callback included, stops such a command too. Others go on
//     only with TryNext.
//  5. An HTTP 4xx means that the agent does not know the endpoint: every command goes
//     on with TryNext and stops without.
//  6. The agent's own refusal (success false) stops a command that must not run twice.
//     Others go on with TryNext. An agent that is too old for the command, or cannot
//     do it, is sent nothing and passed over (Recognition).
//  7. The call stops when the caller's context is done, or SendOnlyWhile says no.
//  8. A read with TryNext is hedged: when an attempt takes longer than its hedge delay,
//     the next MDS is asked as well. The first answer is the call's. The other attempts
//     are cancelled and their connections closed. A command that changes something goes
//     to one MDS at a time.
//  9. Asking another MDS while a request of the call may have reached one that has not
//     answered is an extra attempt. It costs a token of the Caller's retry budget.
//     Without a token, an MDS that failed lately is not asked (ErrRetryBudget), and the
//     error says what it did last. A healthy one is asked at once after a failure, and
//     after a long while when the attempt before is slow. An agent's refusal is an
//     answer, and costs nothing.
//  10. To a hedged read it is an answer, too, that a volume or pool does not exist. All
//     MDS share one storage, but the agent of a foreign cluster, or one that lost its
//     pool, says the same. So the others are asked. Once two MDS have said it, the call
//     waits one hedge delay for the rest and asks none that failed just before. The
//     word of one is enough when the rest was silent for 16 hedge delays, or has an
//     open breaker. A positive answer in that time wins.
//
// A call that failed returns a *CallError with every attempt. It matches ErrAmbiguous
// when a command that changes the storage may have run. Record tells of any call why
// each MDS was asked or was not.
//
// # Time
//
// An attempt takes at most the attempt time-out, from connecting to the last byte of
// the answer or callback (DefaultAttemptTimeout). Connecting alone takes at most
// DefaultConnectTimeout. A call may take as many attempts as there are MDS: bound it
// with its context.
//
// The hedge delay is four times what the MDS usually takes for the endpoint, within
// DefaultLeastHedgeDelay and DefaultMostHedgeDelay (WithHedging) but at least twice what the
// quickest MDS takes. It is 20 ms until an MDS has answered. So a hung MDS costs a read
// milliseconds.
//
// # Retry budget
//
// The budget holds at most DefaultRetryBudget tokens and starts full. A call that
// succeeds earns a tenth of a token, and so do ten seconds (WithRetryBudget). So a long
// outage adds at most a tenth to the requests, and a program that calls now and then
// can ask every MDS.
//
// # Breakers
//
// Three failures in a row open an MDS's breaker (DefaultBreakerFailures): attempts that
// got no answer, or lost to an attempt that began later. A refusal by the agent is an
// answer. Nothing is counted for an attempt that the caller's context ended, that waited
// for a connection of ours, or that lost to an attempt that began earlier.
//
// Health checks find out whether a failed MDS is back. They run beside reads that other
// MDS answer, and keep no read waiting: an echo every 200 ms at most, and one at a time
// the command of the read, when an echo was answered or took too long. An answer to the
// command closes the breaker. An MDS that is back is noticed within 300 ms of reads, one
// whose storage hung behind an agent that echoes within some 4 s, and one that is merely
// slow gets its turn again. Changes, and calls with Target, trigger no health check.
// WithOnBreaker tells of every change.
//
// # Recognition
//
// Agents of several generations are in the field (zbs.Generations). Old ones answer
// success to commands of today without doing anything, and facts is a write on two of
// them. So the first request to an MDS is a small one that no agent executes. It shows
// whether the agent knows volume/clients, as all newer than ZStack 5.4.0 do. An agent
// without it is sent nothing else (ErrAgentTooOld), and the next MDS is asked. Commands
// that generations take in different forms ask a little more: before a password is sent,
// the agent has just shown that it has the endpoint and needs the password. Echo and
// volume/clients need no recognition: every agent supports them, or refuses them with
// a 404.
//
// What an agent can do is asked once per MDS, and known as long as a connection to it is
// open: a process that is replaced takes its connections with it. So it is asked again
// with the first connection after a pause, after a refused or broken one, when an agent
// answers 404 to what it had, and when an MDS comes back in a Session. The premise is
// that no proxy keeps the connections of an agent that is replaced; behind one, what is
// known holds for a minute without an answer. For a password it is always asked anew.
//
// A recognition is part of the attempt, and counts in MDSStats.Recognitions. While
// another MDS can be asked, it takes at most the longest hedge delay; then that MDS is
// put behind the others, once. With WithHedging(0, 0) only the attempt's time-out bounds
// it. A question that is not answered within 5 s is asked anew over another connection.
// Recognise asks for all that tells generations apart.
//
// # Connections
//
// An agent has 10 threads, and a connection that says nothing holds one for 15 s. So
// each MDS gets a few connection slots (DefaultConnections). Connections are reused and
// closed when idle for 10 s. A connect ends with the attempt that wanted it, and a
// connection that never carried a request is closed at once. A read is repeated once, at
// once, when its reused connection turns out dead; if no other one is open, the agent is
// recognised before.
//
// A request waits in line when the slots of every MDS are busy. It leaves the queue of an
// MDS that fails meanwhile. A read also leaves it for an MDS that has a free connection
// by then; that costs no token, for nothing was sent. Asynchronous commands under way
// are bounded as well (DefaultParallel), reads and changes apart.
//
// # Callbacks
//
// The agent posts the answer to an asynchronous command. The Caller listens on a free
// port of all interfaces from its first such call on, and names the local address that
// routes to the MDS. Behind an address translation set WithCallbackURL; to use a server
// of your own, WithMountedCallbacks. A task id is 128 random bits, fresh for each
// attempt.
//
// # Sessions
//
// Connect makes a Session. It checks that the MDS belong to one cluster and that none
// is too old, and pings them. MDS that do not serve are asked last. During an upgrade
// Status says which MDS is behind. A program that makes a call now and then needs none.
//
// # Counters
//
// Caller.Stats has the counts of every MDS and endpoint: attempts and how they ended,
// MDS that calls skipped and why, latencies, breakers. Packages mdsprom and mdsotel hand
// them to Prometheus and, through a Hook, calls and attempts to OpenTelemetry.
//
// # The files
//
// Each uses only what stands below it:
//
//	session.go, watch.go, probe.go     Sessions, and Probe
//	capability.go, drained.go, stats.go what else a Caller can be asked
//	caller.go                          Caller, New, Call, Close
//	healthcheck.go, dryrun.go          checks of failed MDS; DryRun
//	callresult.go, follow.go, call.go  one call under way
//	decide.go, standing.go             which MDS is asked next, and when
//	perform.go, recognise.go, async.go one attempt, from its start to its outcome
//	roundtrip.go, queue.go, attempt.go its requests, its places in line, its state
//	cluster.go, server.go, tally.go    the MDS, and what is counted of them
//	option.go, calloption.go, hook.go  what the user sets
//	record.go, error.go, ...           values
//
// A hung MDS is noticed in decide.go (whenLate) and by the time-out of attempt.go;
// roundtrip.go masks a password in what an agent answers. Under internal: wire opens
// connections (dial.go) and makes round trips, callback matches posted results to their
// tasks, hedge computes delays and holds the retry tokens, and breaker, agent, histogram,
// lookup and notify serve them.
//
// # Tests
//
// Package fakemds is a cluster to test with:
//
//	cluster := fakemds.NewCluster(t, 3)
//	caller, err := mds.New(cluster.Addrs(), mds.WithDialContext(cluster.DialContext))
package mds
