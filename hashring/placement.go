package hashring

import (
	"errors"
	"fmt"
	"strings"
)

// Placement says how a [Ring] maps keys to nodes. The zero value is [Default].
// Two processes agree on every owner if they use the same placement and the same
// nodes. Under [ZStack] they also need the same history, see there.
type Placement uint8

const (
	// Default is rendezvous hashing over 2^18 fixed slots. It is
	// balanced, moves only the keys that must move, and supports weights. It depends
	// on the set of nodes alone, not on the order in which they were added.
	Default Placement = iota

	// ZStack gives the answers of the consistent hash of ZStack's management node.
	// Each node has 500 positions, and the node that was added last wins a collided
	// position. Remove frees positions by the node's name, even those that another
	// node holds. Its balance is poor: the largest load is 2.2 times the mean at 16
	// nodes. Use it only to agree with a running management node.
	ZStack
)

// ErrPlacement is matched by the error of [ParsePlacement] for an unknown name.
var ErrPlacement = errors.New("unknown placement")

// String returns the name that [ParsePlacement] reads.
func (p Placement) String() string {
	switch p {
	case Default:
		return "default"
	case ZStack:
		return "zstack"
	}
	return fmt.Sprintf("placement(%d)", uint8(p))
}

// ParsePlacement reads "default" or "zstack" in any case. Any other name gives an
// error that matches [ErrPlacement].
func ParsePlacement(name string) (Placement, error) {
	for _, p := range []Placement{Default, ZStack} {
		if strings.EqualFold(name, p.String()) {
			return p, nil
		}
	}
	return Default, fmt.Errorf("%w %q: want default or zstack", ErrPlacement, name)
}
