package proof_test

import (
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// alive makes a witness say when the host last reached its data, since the round
// began.
func alive(at proof.Seconds) func(s *proof.Statement) {
	return func(s *proof.Statement) { s.LastAlive = &at }
}

func TestRule3Fenced(t *testing.T) {
	d := want(t, "it need not be listed", proof.Free, "", fence(2, time.Minute), unseen(2, 0))
	wantHost(t, d, 2, proof.FencedHost)
	d = want(t, "its clients are no foreign ones", proof.Free, "", fence(2, 0), lists(0, ipOf(2)))
	if len(d.Holders) != 1 || d.Holders[0].Standing != proof.Fenced {
		t.Errorf("holders %+v", d.Holders)
	}
	want(t, "another host has it too", proof.InUse, "", fence(2, 0), lists(0, ipOf(2)), lists(2, ipOf(3)))
	want(t, "a host that is not in the inventory", proof.Unknown, proof.HostUnproved, unseen(1, 0), fence(9, time.Minute))
	want(t, "later than the check", proof.InUse, proof.FenceLater, fence(2, -1), lists(0, ipOf(2)))
	d = want(t, "later than the check, and not listed", proof.Unknown, proof.HostUnproved, fence(2, -1), unseen(2, 0))
	if !hasCode(d.Notes, proof.FenceLater) {
		t.Errorf("notes %v, want that the attestation was not used", d.Notes)
	}
	want(t, "as old as may be", proof.Free, "", fence(2, proof.DefaultMaxFenceAge), unseen(2, 0))
	d = want(t, "too old", proof.Unknown, proof.FenceOld, fence(2, proof.DefaultMaxFenceAge+1), unseen(2, 0))
	if d.Open {
		t.Error("a further round is to help although the attestation is too old")
	}
	want(t, "too old beside a fresh one", proof.Free, "", fence(2, time.Hour), fence(2, time.Minute), unseen(2, 0))
	want(t, "a fresh one beside one that is too old", proof.Free, "", fence(2, time.Minute), fence(2, time.Hour), unseen(2, 0))
	want(t, "too old for these terms", proof.Unknown, proof.FenceOld, fence(2, time.Minute), unseen(2, 0),
		terms(func(t *proof.Terms) { t.MaxFenceAge = 59 * second }))
	want(t, "too old, and listed", proof.InUse, "", fence(2, time.Hour), lists(0, ipOf(2)))
}

func TestRule3SignOfLife(t *testing.T) {
	const grace = proof.DefaultRegistryExpiry + proof.DefaultRefresh
	want(t, "an entry that has not expired yet", proof.Free, "", fence(2, grace-time.Duration(interval+roundTook)), lists(0, ipOf(2)))
	want(t, "an entry later than that", proof.InUse, proof.FenceBroken, fence(2, grace+1), lists(0, ipOf(2)))
	want(t, "for the volume alone", proof.InUse, proof.FenceBroken, fence(2, grace+1), unseen(2, 0), lists(0, ipOf(2)))
	late := grace - time.Duration(interval+roundTook) + 1 // for the second round alone
	want(t, "in the second round alone", proof.InUse, proof.FenceBroken, fence(2, late), lists(0, ipOf(2)))
	d := want(t, "for another volume, so it is expected again", proof.Free, proof.FenceBroken, fence(2, late))
	wantHost(t, d, 2, proof.Visible)
	want(t, "for another volume by one MDS", proof.Unknown, proof.FenceBroken, fence(2, late), unseen(2, 0, 0, 1))
	want(t, "on an MDS that does not count", proof.Unknown, proof.FenceBroken, fence(2, late), unseen(2, 0, 0, 1),
		on(0, func(o *proof.Observation) { o.Ping.AgentVersion = "" }, 2))
	want(t, "the grace counts from the latest attestation", proof.Free, "", fence(2, grace+1), fence(2, 0), lists(0, ipOf(2)))
	want(t, "an attestation that is not used starts no grace", proof.InUse, proof.FenceBroken, fence(2, grace+1), fence(2, -1), lists(0, ipOf(2)))
	want(t, "the grace is of this host", proof.InUse, proof.FenceBroken, fence(2, grace+1), fence(3, 0), lists(0, ipOf(2)))

	want(t, "a client that an earlier round did not have", proof.InUse, proof.FenceBroken, fence(2, 0), lists(2, ipOf(2)))
	want(t, "a client with another port", proof.InUse, proof.FenceBroken, fence(2, 0), lists(0, ipOf(2)), on(2, func(o *proof.Observation) {
		o.Clients.Clients = append(o.Clients.Clients, zbs.Client{IP: ipOf(2), Port: 9001})
	}))
	want(t, "a client that some MDS had", proof.Free, "", fence(2, 0), lists(1, ipOf(2), 0), lists(2, ipOf(2)))
	want(t, "a client that vanishes", proof.Free, "", fence(2, 0), lists(1, ipOf(2)))
	want(t, "no MDS could list in the earlier round", proof.Free, "", rounds(3), fence(2, 0), down(1), lists(2, ipOf(2)), lists(3, ipOf(2)))

	want(t, "a witness says that it has it open", proof.InUse, proof.FenceBroken, fence(2, 0), says(2, 2, func(s *proof.Statement) { s.Open = true }))
	want(t, "a witness saw it alive", proof.Unknown, proof.FenceBroken, fence(2, time.Minute), unseen(2, 0),
		says(2, 1, alive(-59*second)))
	want(t, "alive in the second round", proof.Unknown, proof.FenceBroken, fence(2, 0), unseen(2, 0),
		says(2, 2, func(s *proof.Statement) {
			alive(-interval)(s)
			s.At = -1 // it vouches for nothing
		}))
	want(t, "alive when it was fenced", proof.Free, "", fence(2, time.Minute), unseen(2, 0), says(2, 1, alive(-60*second)))
	want(t, "another host is alive", proof.Free, "", fence(2, time.Minute), unseen(2, 0), says(3, 1, alive(0)))
	want(t, "a word that was no answer", proof.Free, "", fence(2, time.Minute), unseen(2, 0), says(2, 1, func(s *proof.Statement) {
		alive(0)(s)
		s.Outcome = proof.NoAnswer
	}))
	d = want(t, "it is back, and a witness vouches for it", proof.Free, proof.FenceBroken, fence(2, time.Minute), unseen(2, 0), says(2, 2, alive(0)))
	wantHost(t, d, 2, proof.Vouched)
}
