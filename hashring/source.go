package hashring

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Node is an entry of the node table.
type Node struct {
	ID        string
	Addr      string    // host:port, or what the source has instead; may be empty
	Heartbeat time.Time // when the source last heard from the node; zero if it keeps no time
}

// Source lists the nodes that are alive. A [Membership] calls it from one goroutine
// at a time and with a deadline, which it must respect.
type Source interface {
	// Nodes returns every live node. An error means that nothing is known, and then
	// the membership does not change.
	Nodes(ctx context.Context) ([]Node, error)
}

// Beater is a [Source] in which a node has to keep itself alive.
type Beater interface {
	Source

	// Beat refreshes a node's own entry. The error matches [ErrNotListed] if, and
	// only if, the source answered that it has no such entry.
	Beat(ctx context.Context, id string) error
}

// ErrNotListed says that a source has no entry for our own node.
var ErrNotListed = errors.New("the source does not list this node")

// Static returns a [Source] of nodes that never change.
func Static(nodes ...Node) Source { return static(slices.Clone(nodes)) }

type static []Node

func (s static) Nodes(context.Context) ([]Node, error) { return slices.Clone(s), nil }
