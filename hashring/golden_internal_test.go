package hashring

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"
)

// TestPlacementNeverChanges pins the whole table of Default: two versions of this
// package that run side by side must not disagree about an owner.
func TestPlacementNeverChanges(t *testing.T) {
	r := New(Default, "", "node-1", "node-2", "10.0.0.1:7000", "节点")
	if err := r.SetWeight("heavy", 3); err != nil {
		t.Fatal(err)
	}
	s, h := r.load(), sha256.New()
	for slot := range uint32(slotCount) {
		top := s.top(slot)
		fmt.Fprintf(h, "%s\t%s\t%s\n", s.names[top.first], s.names[top.second], s.names[top.third])
	}
	const want = "c190692972ce232741f2ffdceb092e63146e11997f72facdaafbe9dc91b311cc"
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		t.Errorf("digest of the table is %s, want %s", got, want)
	}
	if got, want := slotOf(keyHash("pool/volume-42", 0)), uint32(257181); got != want {
		t.Errorf("slot of the key is %d, want %d", got, want)
	}
}
