package proof_test

import (
	"slices"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

// produced is evidence that comes to each code.
var produced = map[proof.Code][]change{
	proof.Invalid:             {abort(proof.Invalid)},
	proof.Interrupted:         {abort(proof.Interrupted)},
	proof.PoolsUnknown:        {abort(proof.PoolsUnknown)},
	proof.InventoryUnknown:    {abort(proof.InventoryUnknown)},
	proof.ClusterUnknown:      {names(0, "another"), names(1, "")},
	proof.WrongCluster:        {names(0, "another")},
	proof.NoReply:             {down(2, 0, 1)},
	proof.MalformedReply:      {on(2, func(o *proof.Observation) { o.Clients.Outcome = proof.Malformed }, 0, 1)},
	proof.RefusedReply:        {on(2, func(o *proof.Observation) { o.Clients.Outcome = proof.Refused }, 0, 1)},
	proof.AgentTooOld:         {on(2, func(o *proof.Observation) { *o = tooOld(o.MDS) }, 0, 1)},
	proof.Unsynced:            {on(2, silentPing, 0, 1), on(2, empty, 0, 1)},
	proof.SyncUntold:          {on(2, silentPing, 0, 1), on(2, empty, 0, 1), on(2, func(o *proof.Observation) { o.Generation = "G7e" }, 0, 1)},
	proof.ListingUnproved:     {on(2, func(o *proof.Observation) { o.Survey = nil }, 0, 1)},
	proof.Stale:               {on(2, func(o *proof.Observation) { o.Clients.Asked = -1 }, 0, 1)},
	proof.NoInventory:         {func(c *proof.Case) { c.Evidence.Hosts = nil }},
	proof.InventoryIncomplete: {shown(1, 1, "10.9.9.9")},
	proof.NamedOpen:           {host(1, func(h *proof.Host) { h.Open = append(h.Open, volume) })},
	proof.HostUnproved:        {unseen(1, 0)},
	proof.HostIdle:            {idle(1)},
	proof.HostLost:            {unseen(1, 2)},
	proof.FenceOld:            {unseen(1, 0), fence(1, time.Hour)},
	proof.SelfFencingPending:  {unseen(1, 0), selfFencing(100 * second)},
	proof.SameServer:          {serial("one", 0, 1, 2)},
	proof.NoQuorum:            {down(2, 0, 1)},
	proof.VolumeMissing:       {queries(1, func(x *proof.Existence) { x.Outcome = proof.Missing }, 1)},
	proof.ExistenceUnknown:    {inRound(2, func(r *proof.Round) { r.Existence = nil })},
	proof.TooFewRounds:        {rounds(1)},
	proof.UnsafePolicy:        {policy(proof.First)},

	proof.FenceLater:         {fence(1, -1)},
	proof.FenceBroken:        {fence(1, time.Minute)},
	proof.SingleMDS:          {mdsCount(1)},
	proof.ServerUnknown:      {serial("", 0, 1, 2)},
	proof.RestsOnSelfFencing: {absent(0, 20*second, 40*second), selfFencing(second)},
	proof.ExportsUnseen:      {},
}

// notes change no verdict.
var notes = []proof.Code{proof.FenceLater, proof.FenceBroken, proof.SingleMDS, proof.ServerUnknown, proof.RestsOnSelfFencing, proof.ExportsUnseen}

// Every code comes of some evidence, means something, says what to do, and
// belongs to a rule.
func TestEveryCodeIsExplained(t *testing.T) {
	for _, code := range proof.Codes() {
		changes, known := produced[code]
		d := caseOf(changes...).Decide()
		all, verdict := d.Reasons, proof.Unknown
		if slices.Contains(notes, code) {
			all, verdict = d.Notes, proof.Free
		}
		i := slices.IndexFunc(all, func(r proof.Reason) bool { return r.Code == code })
		if !known || i < 0 || d.Verdict != verdict {
			t.Errorf("%s: %v, reasons %v, notes %v; want it, and %v", code, d.Verdict, d.Reasons, d.Notes, verdict)
			continue
		}
		if r := all[i]; r.What() == "" || r.Settle() == "" || code.Rule() < 1 || code.Rule() > 8 {
			t.Errorf("%s, of rule %d: %q, settled by %q", code, code.Rule(), r.What(), r.Settle())
		}
	}
	if len(produced) != len(proof.Codes()) {
		t.Errorf("%d codes are produced, there are %d", len(produced), len(proof.Codes()))
	}
}

// An MDS node that can export a volume is a host as well.
func TestNoteOfExports(t *testing.T) {
	c := caseOf()
	for i := range c.Evidence.MDS {
		c.Evidence.MDS[i].Host = ipOf(i + 1)
		c.Evidence.Identities[i].MDS = c.Evidence.MDS[i]
		for k := range c.Evidence.Rounds {
			c.Evidence.Rounds[k].Observations[i].MDS = c.Evidence.MDS[i]
			c.Evidence.Rounds[k].Existence[i].MDS = c.Evidence.MDS[i]
		}
	}
	if d := c.Decide(); d.Verdict != proof.Free || len(d.Notes) != 0 {
		t.Errorf("%v, notes %v; want none, for all MDS nodes are hosts of the inventory", d.Verdict, d.Notes)
	}
}
