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
// deliberately broken versions (mutants) that the tests detect. Both, and the proof, are
// in docs/guard-rules.md:
//
//  1. Identity. The expected cluster is the caller's (ExpectCluster), or the one
//     that a majority of the configured MDS names. An MDS counts in a round only
//     if it confirms that cluster by a ping in it. While any MDS names another
//     cluster nothing is Free, and the lists of that MDS say nothing.
//  2. Listing. An MDS counts in a round only if it proves, in that round, that it can
//     list clients: its list of the volume names a client, or its agent was synced
//     before that list, and after that list names a client of another volume. Synced
//     means that the agent has had a metadata/sync since it started; before that it
//     lists no clients. Its ping shows it by an agentVersion. Agents of G7e never name
//     one (zbs.Generation); a client of another volume that they list between ping and
//     list shows it as well. Ping, lists and proof follow each other within Timing.Span,
//     all after the check began.
//  3. Hosts. No host writes unseen: each host that is in service and has the pool
//     is visible (every MDS that counts lists it, by any address, for any volume),
//     allowed (AllowHost), vouched for (a Witness, in the last round), fenced
//     (FencedBy), or self-fenced (SelfFencing: a quorum missed it for the whole
//     bound). A fence counts if it is at most MaxFenceAge old. It ends with a sign of
//     life of the host: a round more than RegistryExpiry + Refresh after the fence lists
//     it, a round lists a client of it that an earlier round did not have, or the host
//     itself says that it has the volume open or was alive after the fence.
//     A host that any MDS lists must be accounted for, whatever the inventory says
//     about it. An address that belongs to no host shows that the inventory is not
//     complete. If the inventory names the volume as open on a host, it is not enough
//     that the host is visible. Without an inventory nothing is Free.
//  4. Existence. In each round an MDS of the cluster says that the volume exists,
//     and none says that it does not. The path names a volume, no snapshot and no
//     remote volume, by allow-list; nothing is sent otherwise.
//  5. Quorum. In each round a majority of the configured MDS counts, not of those that
//     can be reached; with the policy All every MDS does. Several addresses of one server
//     count as one. An MDS that has not named its server yet does not count.
//  6. Rounds. Timing.Rounds rounds must keep every rule. At least Timing.RoundInterval
//     must pass between the end of one and the start of the next. A round that breaks a
//     rule is skipped. The count starts again when the next round that counts starts more
//     than two intervals and a Span after the end of the last one. It also starts again
//     after a round in which a quorum can list, and which misses a host that an MDS
//     showed in a round that counted.
//  7. Foreign client. Any client on any MDS in any round whose host is neither
//     allowed nor fenced means InUse, whatever else is missing or wrong. So does a
//     client whose address is missing, cannot be read or belongs to no host, and a
//     Witness that says that such a host has the volume open.
//  8. Validity. A report may be acted on for Timing.ValidFor after the last round
//     that counts began, by a clock that counts suspended time. An error of nil means
//     that it is valid now.
//
// # What it assumes
//
//   - The inventory names every host that can open the volume.
//   - A host loses the MDS as a whole: while it is listed for one volume, its other
//     clients are listed, too, at most Refresh + LeaderRetry after they can reach the
//     registry (the list of clients in the memory of the leading MDS).
//   - At most Timing.Disturbances disturbances of the registry, such as a change of the
//     leader, happen close together.
//   - Fewer than half of the agents are wrong independently of each other, and no agent
//     is restarted and synced again within a Span.
//   - Attestations are true and stay true: a fenced host does not come back. The Guard
//     notices a host that comes back and is listed. It may miss a host that came back
//     less than RegistryExpiry + Refresh ago, or that lost the MDS again.
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
