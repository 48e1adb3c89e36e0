package cli

import (
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

// guardRules are the rules of package guard in short.
var guardRules = []string{
	"identity: the MDS confirm one cluster in each round",
	"listing: an MDS counts if it is synced, and lists a client for something",
	"hosts: each of the inventory is accounted for, and no other shows",
	"existence: the volume exists, and its path names a volume",
	"quorum: a majority of the configured MDS counts in each round",
	"rounds: as many as wanted, far apart, and no host is lost between them",
	"foreign client: no host that is neither allowed nor fenced is listed",
	"validity: the verdict has an end, and has not passed it",
}

// rules shows each rule and whether it is kept. Rules that are not known to be
// kept, because the check ended before, are not.
func (p *reportPrinter) rules() {
	broken := make(map[int]bool)
	halted := p.report.Evidence.Abort.Code != "" || len(p.report.Evidence.Rounds) == 0
	for _, reason := range p.report.Reasons {
		broken[reason.Code.Rule()] = true
	}
	broken[7] = broken[7] || len(p.report.ForeignHolders()) > 0
	broken[8] = p.report.Verdict == guard.Free && p.expired()
	p.line("")
	for i, rule := range guardRules {
		mark := p.style(green, "kept    ")
		switch {
		case broken[i+1]:
			mark = p.style(red, "NOT KEPT")
		case halted || p.report.Policy == guard.First:
			mark = p.style(dim, "unknown ")
		}
		p.line("%d. %s  %s", i+1, mark, rule)
	}
}

const hostRemedy = "if it may be cut off or hung, fence it and give --fenced; if it is well, name a volume that is open on it " +
	"in the inventory (open:); if hosts end their machines by themselves, --self-fencing; " +
	"its state maintenance only if you have looked, and nothing can run there"

// settleBy are the remedies of the reasons that zbsctl says in its own flags.
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
	proof.HostUnproved:        hostRemedy,
	proof.HostIdle:            "keep a small volume open on it, and name it (open:); if it is off, --fenced; if hosts end their machines by themselves, --self-fencing; its state maintenance only if you have looked, and nothing can run there",
	proof.HostLost:            "check again; if it is cut off, fence it and give --fenced; else, " + hostRemedy,
	proof.FenceOld:            "confirm again that the host is off, and give the time of that to --fenced",
	proof.SelfFencingPending:  "wait (--wait does), or fence it and give --fenced",
	proof.UnsafePolicy:        "--policy quorum",
	proof.RestsOnSelfFencing:  "fence the host, and give --fenced",
}

// settle is what would settle a reason, in zbsctl's words.
func settle(r guard.Reason) string {
	if text, ok := settleBy[r.Code]; ok {
		return text
	}
	return r.Settle()
}
