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
// Wait repeats the check until it is definite, CheckAll makes very many, and
// Replay judges a saved report anew. The words of a report are those of package
// proof.
//
// # Rules
//
// Free must be proved; everything doubtful is Unknown. Each rule has a test and
// mutants (docs/guard-rules.md, where the proof is written down as well):
//
//  1. Identity. The expected cluster is the caller's (ExpectCluster), or the one
//     that a majority of the configured MDS names. An MDS counts in a round only
//     if it confirms that cluster by a ping in it. While any MDS names another
//     cluster nothing is Free, and the lists of that MDS say nothing.
//  2. Listing. An MDS counts in a round only if it proves in it that it can list.
//     Its list of the volume names a client; or its agent was synced before that
//     list, and lists a client for some other volume after it. An agent that was
//     not synced lists nobody. It was synced if its ping names an agentVersion, or
//     if it lists a client for some other volume between ping and list: agents of
//     G7e never name one (zbs.Generation). Ping, lists and proof follow each other
//     within Timing.Span, all asked after the check began.
//  3. Hosts. No host writes unseen: each host that is in service and has the pool
//     is visible (every MDS that counts lists it, by any address, for any volume),
//     allowed (AllowHost), vouched for (a Witness, in the last round), fenced
//     (FencedBy), or self-fenced (SelfFencing: a quorum missed it for the whole
//     bound). A fence is not older than MaxFenceAge, and ends with a sign of life:
//     an entry of that host in a round later than RegistryExpiry + Refresh after
//     it, or a client that an earlier round did not have.
//     A host that any MDS lists must be accounted for, whatever the inventory says
//     of it. An address that belongs to no host means that the inventory is not
//     complete. A host that the inventory names as having the volume open is not
//     accounted for by being visible. Without an inventory nothing is Free.
//  4. Existence. In each round an MDS of the cluster says that the volume exists,
//     and none says that it does not. The path names a volume, no snapshot and no
//     remote volume, by allow-list; nothing is sent otherwise.
//  5. Quorum. In each round a majority of the configured MDS counts, not of the
//     reachable; with the policy All every one. Addresses of one server count
//     once, and one that has not said yet which server it is counts not at all.
//  6. Rounds. Timing.Rounds rounds keep every rule, from the end of each to the
//     begin of the next at least Timing.RoundInterval. A round that does not is
//     skipped; the count starts again when that takes longer than two intervals, and
//     with a round that misses a host which any MDS showed in one that counted,
//     although a quorum can list.
//  7. Foreign client. Any client on any MDS in any round whose host is neither
//     allowed nor fenced means InUse, whatever else is missing or wrong; so does
//     one whose address is missing, cannot be read or belongs to no host, and a
//     Witness that says so.
//  8. Validity. A report may be acted on for Timing.ValidFor after the last round
//     that counts began, by a clock that counts suspend. An error of nil means
//     that it is valid now.
//
// # What it takes for granted
//
//   - The inventory names every host that can open the volume.
//   - A host loses the MDS as a whole: while it is listed for one volume, its
//     other clients are registered, too, at the latest Refresh + LeaderRetry after
//     they could be.
//   - No more disturbances of the registry meet than Timing.Disturbances.
//   - Fewer than half of the agents lie by themselves, and none is restarted and
//     synced again within a Span.
//   - Attestations are true and stay true: a host that was fenced is not back. One
//     that is back and shows is noticed; one that is back for less than
//     RegistryExpiry + Refresh, or lost the MDS again, is not.
//   - A Witness asked the host, and hosts fence themselves within SelfFencing where
//     that is declared.
//
// # What it cannot promise
//
// A Guard reserves nothing. Free speaks of hosts that had the volume open when the
// check began. One that opens it during the check is seen if it reaches the MDS for
// Refresh + LeaderRetry before the last round; one that opens it later, or is lost
// in between, may not be. A lock among the callers is theirs to keep.
//
// All MDS ask one registry, in the memory of their leader. A majority guards
// against agents that lie by themselves: restarted, stale, of another cluster.
// Against a registry that forgot, the hosts and the rounds guard.
//
// It was never seen whether the storage lists an MDS node that exports a volume
// over NBD: put the MDS nodes into the inventory, or export nothing. The client of
// a vhost volume is a container on the host; after a restart of it the list is
// empty although the machine lives, with I/O that hangs. A Witness sees both.
package guard
