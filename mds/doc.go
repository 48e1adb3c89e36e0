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
//     Among these, MDS with a closed circuit breaker come first, half-open ones
//     next, open ones last. A breaker that refuses puts its MDS off to the end
//     of the walk; it never keeps the last candidate from being asked.
//  2. An MDS that provably has not got the request (breaker, no connection, TLS
//     failure) is passed over, whatever the command and the options.
//  3. After a reset, an end of the connection, a broken or foreign answer or an
//     HTTP 5xx the request may have run: a command that must not run twice
//     stops there, others go on.
//  4. After a time-out, also that of a callback, the same, and others go on
//     only with TryNext.
//  5. After an HTTP 4xx, which means that the agent does not know the endpoint,
//     every command goes on with TryNext and stops without.
//  6. After the agent's own refusal (success false) a command that must not run
//     twice stops; others go on with TryNext.
//  7. When the caller's context is done, the walk stops.
//
// What failed is a *WalkError with every attempt. It matches ErrAmbiguous when
// a command that changes the storage may have run.
//
// # Time
//
// Each attempt takes at most the attempt time-out, from connecting to the last
// byte of the answer or callback (DefaultAttemptTimeout); connecting alone at
// most DefaultConnectTimeout. A call may take as many attempts as there are
// MDS: bound it with its context.
//
// # Breakers
//
// Three attempts in a row that got no answer open an MDS's breaker
// (DefaultBreakerFailures); after DefaultBreakerPause the next attempt is a
// probe. A refusal by the agent is an answer. An attempt that the caller's
// context ended counts as nothing, and so does waiting for a connection of our
// own.
//
// # Connections
//
// An agent has 10 threads, and a connection that says nothing holds one for
// 15 s. So each MDS gets few connections (DefaultConnections), they are reused
// and closed when idle for 10 s, a connect ends with the attempt that wanted
// it, and a connection on which nothing was sent is closed at once. A read
// whose reused connection turns out dead is repeated once at once.
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
// cluster, that none is of 5.4.0, and by pings which of them serve. Those that do
// not are asked last. A program that makes a call now and then needs none.
//
// # Tests
//
// Package fakemds is a cluster to test with:
//
//	cluster := fakemds.NewCluster(t, 3)
//	caller, err := mds.New(cluster.Addrs(), mds.WithDialContext(cluster.DialContext))
package mds
