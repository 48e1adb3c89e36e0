// Package guard proves that no other host has a volume open before it is opened,
// or says that it cannot.
//
//	g, err := guard.New(caller, guard.Hosts{
//		{Name: "kvm-1", Addrs: addrs1, Open: []zbs.Path{diskOfAMachineThere}},
//		{Name: "kvm-2", Addrs: addrs2},
//	})
//	report, err := g.Check(ctx, path, guard.AllowHost("kvm-2"))
//	if err != nil {
//		return err // in use, or nothing proves that it is not: errors.Is ErrInUse, ErrUndetermined
//	}
//	// open it now: until report.ValidUntil()
//
// Wait repeats the check until its verdict is definite, CheckAll makes very many checks,
// and Replay evaluates a saved report again. Package proof explains the parts of a
// report.
//
// # Rules
//
// Free must be proved; in case of doubt the verdict is Unknown. Each rule has tests, and
// mutants that they kill. docs/guard-rules.md has these, and the proof:
//
//  1. Identity. The expected cluster is the caller's (ExpectCluster), or the one
//     that a majority of the configured MDS names. An MDS counts in a round only
//     if it confirms that cluster by a ping in it. While any MDS names another
//     cluster nothing is Free, and the lists of that MDS say nothing.
//  2. Listing. An MDS counts in a round only if it proves in it that it can list.
//     Its list of the volume names a client; or its agent was synced before that
//     list, and lists a client for some other volume after it. An agent that was
//     not synced lists no clients. It was synced if its ping names an agentVersion, or
//     if it lists a client for some other volume between ping and list: agents of
//     G7e never name one (zbs.Generation). Ping, lists and proof follow each other
//     within Timing.Span, all after the check began.
//  3. Hosts. No host writes unseen: each host that is in service and has the pool
//     is visible (every MDS that counts lists it, by any address, for any volume),
//     allowed (AllowHost), vouched for (a Witness, in the last round), fenced
//     (FencedBy), or self-fenced (SelfFencing: a quorum missed it for the whole
//     bound). A fence is not older than MaxFenceAge, and ends with a sign of life:
//     an entry of that host in a round later than RegistryExpiry + Refresh after
//     it, or a client that an earlier round did not have.
//     A host that any MDS lists must be accounted for, whatever the inventory says
//     about it. An address that belongs to no host shows that the inventory is not
//     complete. If the inventory names the volume as open on a host, it is not enough
//     that the host is visible. Without an inventory nothing is Free.
//  4. Existence. In each round an MDS of the cluster says that the volume exists,
//     and none says that it does not. The path names a volume, no snapshot and no
//     remote volume, by allow-list; nothing is sent otherwise.
//  5. Quorum. In each round a majority of the configured MDS counts, not of the
//     reachable; with the policy All every one. Addresses of one server count once. An
//     MDS that has not named its server yet does not count.
//  6. Rounds. Timing.Rounds rounds keep every rule, from the end of each to the
//     begin of the next at least Timing.RoundInterval. A round that breaks a rule is
//     skipped. The count starts again if rounds are skipped for more than two intervals,
//     and after a round in which a quorum can list but misses a host that any MDS
//     showed in a round that counted.
//  7. Foreign client. Any client on any MDS in any round whose host is neither
//     allowed nor fenced means InUse, whatever else is missing or wrong. So does a
//     client whose address is missing, cannot be read or belongs to no host, and a
//     Witness that names the volume as open.
//  8. Validity. A report may be acted on for Timing.ValidFor after the last round
//     that counts began, by a clock that counts suspended time. An error of nil means
//     that it is valid now.
//
// # What it assumes
//
//   - The inventory names every host that can open the volume.
//   - A host loses the MDS as a whole: while it is listed for one volume, its other
//     clients are registered, too, at most Refresh + LeaderRetry after they can be.
//   - At most Timing.Disturbances disturbances of the registry come together.
//   - Fewer than half of the agents are wrong independently of each other, and no agent
//     is restarted and synced again within a Span.
//   - Attestations are true and stay true: a fenced host does not come back. The Guard
//     notices a host that comes back and is listed. It does not notice one that is back
//     for less than RegistryExpiry + Refresh, or loses the MDS again.
//   - A Witness asks the host. Hosts fence themselves within SelfFencing if it is
//     declared.
//
// # What it cannot promise
//
// A Guard reserves nothing. Free is about hosts that had the volume open when the check
// began. A host that opens the volume during the check is seen if it reaches the MDS for
// Refresh + LeaderRetry before the last round. A host that opens it later, or loses the
// MDS in between, may not be seen. Programs that open volumes need a lock of their own.
//
// All MDS ask one registry, in the memory of their leader. The majority protects against
// single agents that are wrong: restarted, stale, or of another cluster. The hosts and
// the rounds protect against a registry that lost its entries.
//
// It was never seen whether the storage lists an MDS node that exports a volume over NBD.
// Put the MDS nodes into the inventory, or export nothing. The client of a vhost volume is
// a container on the host. After it restarts, the list is empty although the machine runs
// on, with I/O that hangs. A Witness sees both.
package guard
