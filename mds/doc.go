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
//     MDS whose circuit breaker is closed come first; of these, the ones whose latest
//     attempt failed come after the rest. Half-open breakers follow, then open ones,
//     and last the MDS that a Session knows to be disconnected. Among healthy MDS one
//     with a free connection goes first; if there is none, the one with the fewest
//     attempts under way. Of the failed MDS of one rank, the one asked longest ago goes
//     first. An open breaker moves an MDS back, and forbids no request.
//  2. When an MDS provably has not got the request (no connection, TLS failure), the
//     call goes on to the next, whatever the command and the options.
//  3. After a reset, an end of the connection, a broken or foreign answer or an HTTP
//     5xx the request may have run. A command that must not run twice stops there,
//     others go on.
//  4. A time-out, that of a callback included, stops such a command too. Others go on
//     only with TryNext.
//  5. An HTTP 4xx means that the agent does not know the endpoint: with TryNext every
//     command goes on to the next MDS, and without it the call stops.
//  6. The agent's own refusal (success false) stops a command that must not run twice.
//     Others go on with TryNext. An agent that is too old for the command, or cannot
//     do it, is sent nothing and passed over (Recognition).
//  7. The call stops when the caller's context is done, or SendOnlyWhile says no.
//  8. A read with TryNext is hedged: when an attempt takes longer than its hedge delay,
//     the next MDS is asked as well. The first answer is the call's. The other attempts
//     are cancelled and their connections closed. A command that changes something goes
//     to one MDS at a time.
//  9. A request of the call may have reached an MDS that has not answered. Then asking
//     another MDS is an extra attempt, and costs a token of the Caller's retry budget.
//     If no token is left, an MDS that failed lately is not asked (ErrRetryBudget), and
//     the error includes that MDS's last failure. A healthy MDS is still asked: at once
//     after a failed attempt, and after 16 hedge delays when the attempt before is slow.
//     An agent's refusal is an answer, and costs nothing.
//  10. To a hedged read it is an answer, too, that a volume or pool does not exist. All
//     MDS share one storage, but the agent of a foreign cluster, or one that lost its
//     pool, says the same. So the others are asked. Once two MDS have said it, the call
//     waits one hedge delay for the rest and asks none that failed just before. The
//     word of one is enough when the rest was silent for 16 hedge delays, or has an
//     open breaker. A positive answer in that time wins; what is said later is not heard.
//
// A call that failed returns a *CallError with every attempt. It matches ErrAmbiguous
// when a command that changes the storage may have run. For any call, Record tells why
// each MDS was asked or was not.
//
// # Time
//
// An attempt takes at most the attempt time-out, from connecting to the last byte of
// the answer or callback (DefaultAttemptTimeout). Connecting alone takes at most
// DefaultConnectTimeout. A call may take as many attempts as there are MDS: bound it
// with its context.
//
// The hedge delay is four times the MDS's usual latency for the endpoint. It is not less
// than DefaultLeastHedgeDelay and not more than DefaultMostHedgeDelay (WithHedging), with
// one exception: once two MDS have answered, it is at least twice the latency of the
// quickest. Before any MDS has answered the endpoint, it is 20 ms. So a hung MDS costs a
// hedged read milliseconds. It costs a change the attempt time-out.
//
// # Retry budget
//
// The budget holds at most DefaultRetryBudget tokens and starts full. A call that
// succeeds earns a tenth of a token, and every second earns a tenth as well
// (WithRetryBudget). So a long outage adds at most a tenth to the requests and one
// request in ten seconds, and a program that calls now and then can ask every MDS.
//
// # Breakers
//
// Three failures in a row open an MDS's breaker (DefaultBreakerFailures). A failure is an
// attempt without a usable answer (none, HTTP 5xx, a broken one), or one that lost to an
// attempt that began later. A refusal by the agent is an answer. Nothing is counted for
// an attempt that the caller's context ended, that waited for one of our connection
// slots, or that lost to an attempt that began earlier.
//
// Health checks find out whether a failed MDS is back. They run while reads go to other
// MDS, and delay no read. They send an echo, at most one every 200 ms. When the echo is
// answered, fails or takes too long, they also send the command of the read, one at a
// time. An answer to the command closes the breaker. While reads go on, an MDS that is
// back is noticed within 300 ms. If its storage hung while its agent answered echoes, it
// takes about 4 s. An MDS that is only slow is used again, too. Changes, and calls with
// Target, trigger no health check. WithOnBreaker tells of every change.
//
// # Recognition
//
// Agents of several generations are in the field (zbs.Generations). Old ones answer
// success to commands of today without doing anything, and facts is a write on two of
// them. So before any command but two, an MDS gets a small request that no agent
// executes. It shows whether the agent has the endpoint volume/clients; every agent newer
// than ZStack 5.4.0 has it. An agent without it does not get the command
// (ErrAgentTooOld), and the next MDS is asked. The two are echo and volume/clients:
// every agent supports them, or refuses them with a 404.
//
// Some commands have another form per generation. For these more is asked first. A
// password is sent only when the agent has shown, just before, that it has the endpoint
// and needs the password.
//
// What an agent can do is known as long as a connection to it is open, and has answered
// within a minute: a process that is replaced takes its connections with it. So it is
// asked again
//
//   - with the first connection after a pause,
//   - after a connection was refused or broke,
//   - when an agent answers 404 for an endpoint that it had,
//   - and when an MDS comes back in a Session.
//
// This assumes that no proxy keeps connections open while the agent behind it is replaced.
// Behind such a proxy, what is known is dropped when the agent has not answered for a
// minute.
//
// A recognition is part of the attempt, and counts in MDSStats.Recognitions. In a call
// that is not hedged it takes at most the longest hedge delay while another MDS can be
// asked. After that the MDS moves behind the others, and the second time only the
// attempt's time-out bounds it, as with WithHedging(0, 0). A question that is not
// answered within 5 s is asked again over another connection. Recognise asks everything
// that tells generations apart.
//
// # Connections
//
// An agent has 10 threads, and a silent connection occupies one of them for 15 s. So
// each MDS gets a few connection slots (DefaultConnections). Connections are reused, and
// closed when idle for 10 s. When an attempt ends, its unfinished connect ends too, and a
// connection on which nothing was sent is closed at once. If a reused connection turns
// out to be dead, a read is repeated once, at once. If no other connection to that MDS is
// open, the agent is recognised again before the repetition.
//
// A request waits in line when the slots of every MDS are busy. It leaves the queue of an
// MDS that fails meanwhile. A hedged read also leaves the queue when another MDS has a
// free connection. This costs no token, because nothing was sent. The number of
// asynchronous commands under way is bounded as well: DefaultParallel reads and,
// counted separately, as many changes per MDS.
//
// # Callbacks
//
// The agent posts the answer to an asynchronous command. From its first such call on, the
// Caller listens on a free port of all interfaces. It names to the agent the local
// address from which that MDS is reached. Behind an address translation set WithCallbackURL; to use a server
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
//	decide.go                          whether and when another MDS is asked
//	standing.go                        which MDS comes first
//	perform.go, recognise.go, async.go one attempt, from its start to its outcome
//	roundtrip.go, queue.go, attempt.go its requests, its places in line, its state
//	cluster.go, server.go, tally.go    the MDS in their order, and what is counted of them
//	option.go, calloption.go, hook.go  what the user sets
//	outcome.go, record.go, error.go, … values
//
// The next MDS is picked by best (cluster.go), which compares standings; nextLocked
// (follow.go) asks it if decide.go says so. A hung MDS is noticed by the timer of a hedged
// read (startLate in follow.go asks whenLate), and else by the time-out that begin
// (attempt.go) sets; a missing callback by await (async.go). Package zbs masks
// a password in text, logs and JSON (secret.go); discreet (roundtrip.go) keeps it out of
// errors. Under internal:
//
//	wire        opens connections (dial.go, Slot.connect) and makes round trips
//	callback    matches posted results to their tasks (receiver.go); async.go registers them
//	hedge       computes delays and holds the retry tokens
//	breaker     the circuit breaker of an MDS
//	agent       remembers what the agent of an MDS can do
//	histogram   latencies; lookup: maps that are read far more often than written
//	notify      tells users of breakers without waiting for them
//
// # Tests
//
// Package fakemds is a cluster to test with:
//
//	cluster := fakemds.NewCluster(t, 3)
//	caller, err := mds.New(cluster.Addrs(), mds.WithDialContext(cluster.DialContext))
package mds
