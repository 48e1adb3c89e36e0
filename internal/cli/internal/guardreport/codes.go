package guardreport

import (
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

// shortCodes names reasons in a table.
var shortCodes = map[guard.Code]string{
	proof.WrongCluster:        "other cluster",
	proof.NoReply:             "no answer",
	proof.MalformedReply:      "no agent's answer",
	proof.RefusedReply:        "refuses",
	proof.AgentTooOld:         "too old",
	proof.Unsynced:            "unsynced",
	proof.SyncUntold:          "lists nobody at all, never tells of a sync",
	proof.ListingUnproved:     "lists nobody at all",
	proof.Stale:               "out of order",
	proof.InventoryIncomplete: "unknown address",
	proof.NamedOpen:           "said to have the volume open",
	proof.HostUnproved:        "not listed",
	proof.HostIdle:            "nothing is known to be open on it",
	proof.HostLost:            "was listed, and is not now",
	proof.FenceOld:            "its fence is too old",
	proof.FenceLater:          "its fence is later than the check",
	proof.FenceBroken:         "its fence is broken",
	proof.SelfFencingPending:  "may not have fenced itself yet",
}

// HostRemedy is what to do about a host that is not accounted for.
const HostRemedy = "if it may be cut off or hung, fence it and give --fenced; if it is well, name a volume that is open on it " +
	"in the inventory (open:); if hosts end their machines by themselves, --self-fencing; " +
	"its state maintenance only if you have looked, and nothing can run there"

// settleBy are remedies that name flags and commands of zbsctl.
var settleBy = map[guard.Code]string{
	proof.ClusterUnknown:      "more MDS that answer facts, or --expect-cluster; it takes a storage of 1.5.1 or later",
	proof.NoReply:             "repair the MDS or the way to it; raise --span if it is only slow",
	proof.Interrupted:         "give it more time",
	proof.Invalid:             "correct path or options",
	proof.SyncUntold:          "keep a small volume open somewhere, and name it: with open: of its host in the inventory, or with --canary; an agent that lists its client before and after the volume is synced",
	proof.ListingUnproved:     "name a volume that is open somewhere: with open: of its host in the inventory, or with --canary; hosts open ZStack's heartbeat volume for an instant only, and a storage too old to list clients never will",
	proof.NoInventory:         "name every host that has the pool with --hosts-file, or in the context (zbsctl help config); zbsctl hosts discover shows what the MDS list, to compare",
	proof.InventoryIncomplete: "add the host to the inventory, or the address to its host",
	proof.NamedOpen:           "correct the inventory once it is closed there; if the host is off, --fenced",
	proof.HostUnproved:        HostRemedy,
	proof.HostIdle:            "keep a small volume open on it, and name it (open:); if it is off, --fenced; if hosts end their machines by themselves, --self-fencing; its state maintenance only if you have looked, and nothing can run there",
	proof.HostLost:            "check again; if it is cut off, fence it and give --fenced; else, " + HostRemedy,
	proof.FenceOld:            "confirm again that the host is off, and give the time of that to --fenced",
	proof.SelfFencingPending:  "wait (--wait does), or fence it and give --fenced",
	proof.UnsafePolicy:        "--policy quorum",
	proof.RestsOnSelfFencing:  "fence the host, and give --fenced",
}

// Settle says how the user can remove a reason.
func Settle(r guard.Reason) string {
	if text, ok := settleBy[r.Code]; ok {
		return text
	}
	return r.Settle()
}
