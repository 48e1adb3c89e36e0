package hashring

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

var (
	// ErrFenced says that our own node left the ring because the source no longer
	// has it: other nodes may own our keys already. To return, register the node in
	// the source, and then call [Membership.Join] for it.
	ErrFenced = errors.New("fenced: this node no longer owns keys")

	// ErrEmptySource says that a source listed no node at all, although our own node
	// should be listed. The membership does not change.
	ErrEmptySource = errors.New("the source lists no node, not even this one")

	// ErrUnknownNode says that neither the node table nor the source has the node.
	ErrUnknownNode = errors.New("unknown node")
)

// Membership keeps a [Ring] and the table of its nodes in step with a [Source]. Use
// [NewMembership]; the zero value is not usable.
//
// All methods may be called concurrently. Lookups (Owner, AppendOwners, Walk,
// OwnedByUs, Ring, Nodes, and NodeInfo for a known node) take no lock. Everything
// that changes the ring (Join, Leave, Dead, Heartbeat) holds one lock, also while it
// asks the source. So an answer of the source is never older than an event with
// which it is compared.
type Membership struct {
	self     string
	source   Source
	rounds   int
	interval time.Duration
	log      *slog.Logger

	ring      *Ring
	table     atomic.Pointer[map[string]Node] // never changed once stored
	status    atomic.Pointer[Status]
	observers observers

	lifecycle sync.Mutex     // serialises all changes; guards the fields below
	missed    map[string]int // rounds in a row in which the source did not list a member
	fenced    bool
}

// Status is the outcome of the rounds so far.
type Status struct {
	Fenced    bool      // our own node was declared dead or was fenced, and has not joined since
	Suspected []string  // members that the last good round did not list, sorted by name
	LastGood  time.Time // when a round last succeeded; zero if none has
	Err       error     // of the last round
}

// NewMembership returns a membership with an empty ring. [Membership.Heartbeat] and
// [Membership.Join] add nodes. The name self is that of our own node. It may be empty
// for a process that only observes and owns no keys. The error matches
// [ErrInvalidOption].
func NewMembership(self string, source Source, options ...Option) (*Membership, error) {
	m := &Membership{
		self:     self,
		source:   source,
		rounds:   2,
		interval: 5 * time.Second,
		log:      slog.New(slog.DiscardHandler),
		ring:     New(Default),
		missed:   make(map[string]int),
	}
	m.table.Store(&map[string]Node{})
	m.status.Store(&Status{})
	var errs []error
	if source == nil {
		errs = append(errs, fmt.Errorf("%w: no source", ErrInvalidOption))
	}
	for _, option := range options {
		errs = append(errs, option(m))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return m, nil
}

// Owner returns the node that owns key, or false if the ring is empty.
func (m *Membership) Owner(key string) (string, bool) { return m.ring.Owner(key) }

// AppendOwners is [Ring.AppendOwners].
func (m *Membership) AppendOwners(dst []string, key string, n int) []string {
	return m.ring.AppendOwners(dst, key, n)
}

// Walk is [Ring.Walk].
func (m *Membership) Walk(key string) iter.Seq[string] { return m.ring.Walk(key) }

// OwnedByUs reports whether our own node owns key. It is false for every key before
// our node joined, and after it left, was declared dead or was fenced. It stays true
// while the source cannot be reached. If that is too risky, check the time of the
// last good round in [Membership.Status].
func (m *Membership) OwnedByUs(key string) bool {
	owner, ok := m.ring.Owner(key)
	return ok && m.self != "" && owner == m.self
}

// Ring returns a copy of the ring as it is now, for instance for [Diff].
func (m *Membership) Ring() *Ring { return m.ring.Clone() }

// Nodes returns the members, sorted by name, in a slice that belongs to the caller.
func (m *Membership) Nodes() []string { return m.ring.Nodes() }

// Status returns the outcome of the rounds so far. The caller must not change it.
func (m *Membership) Status() Status { return *m.status.Load() }

// Observe calls f for every change from now on, until stop is called. The calls come
// in order, one at a time and without a lock, so f may call any method of the
// membership. The goroutine that made a change calls f, unless another goroutine is
// calling observers already; then that one does. If f itself makes a change, its
// event follows after f returns.
func (m *Membership) Observe(f func(Event)) (stop func()) { return m.observers.add(f) }

// Join adds a node that is known to have joined. It clears a suspicion of the node,
// and if it is our own node, also the state of being dead or fenced. A node without
// ID is ignored.
func (m *Membership) Join(node Node) {
	m.change(func() {
		if node.ID == "" {
			return
		}
		if node.ID == m.self {
			m.fenced = false
		}
		m.joinLocked([]Node{node}, Told)
	})
}

// Leave removes a node that is known to have left, at once. If the source still lists
// the node, the next round brings it back. Our own node stays away until Join adds it
// again.
func (m *Membership) Leave(id string) {
	m.change(func() {
		if id == m.self && id != "" {
			m.fenced = true
		}
		m.leaveLocked(id, Told)
	})
}

// Dead declares our own node dead. The node leaves the ring at once, owns nothing, and
// is no longer refreshed in the source, until Join adds it again.
func (m *Membership) Dead() { m.Leave(m.self) }

// NodeInfo returns a node's entry in the table. If the table has no entry, NodeInfo
// takes it from the source and enters it, but the node joins the ring only with the
// next round or by [Membership.Join]. The error matches [ErrUnknownNode] if the
// source does not list the node. Any other error is the source's.
func (m *Membership) NodeInfo(ctx context.Context, id string) (Node, error) {
	if node, ok := (*m.table.Load())[id]; ok {
		return node, nil
	}
	m.lifecycle.Lock()
	defer m.lifecycle.Unlock()
	if node, ok := (*m.table.Load())[id]; ok {
		return node, nil // another call entered it while this one waited
	}
	nodes, err := m.source.Nodes(ctx)
	if err != nil {
		return Node{}, fmt.Errorf("look up node %q: %w", id, err)
	}
	i := slices.IndexFunc(nodes, func(n Node) bool { return n.ID == id })
	if i < 0 || id == "" {
		return Node{}, fmt.Errorf("%w %q", ErrUnknownNode, id)
	}
	m.setTableLocked(func(table map[string]Node) { table[id] = nodes[i] })
	return nodes[i], nil
}

// change runs f under the lifecycle lock, and calls the observers after it.
func (m *Membership) change(f func()) {
	func() {
		m.lifecycle.Lock()
		defer m.lifecycle.Unlock()
		f()
		status := m.Status()
		m.storeStatusLocked(status.LastGood, status.Err)
	}()
	m.observers.drain()
}

// joinLocked enters nodes into the table before it adds them to the ring. So the table
// has an entry for every node that a lookup returns.
func (m *Membership) joinLocked(nodes []Node, reason Reason) {
	m.setTableLocked(func(table map[string]Node) {
		for _, node := range nodes {
			table[node.ID] = node
			delete(m.missed, node.ID)
		}
	})
	var ids []string
	for _, node := range nodes {
		if !m.ring.member(node.ID) {
			ids = append(ids, node.ID)
			m.observers.post(Event{Joined: true, Node: node, Reason: reason})
		}
	}
	m.ring.addAll(ids)
}

func (m *Membership) leaveLocked(id string, reason Reason) {
	delete(m.missed, id)
	node := (*m.table.Load())[id]
	if m.ring.member(id) {
		m.ring.Remove(id)
		m.observers.post(Event{Node: node, Reason: reason})
	}
	m.setTableLocked(func(table map[string]Node) { delete(table, id) })
}

func (m *Membership) setTableLocked(edit func(map[string]Node)) {
	table := maps.Clone(*m.table.Load())
	edit(table)
	m.table.Store(&table)
}

func (m *Membership) storeStatusLocked(good time.Time, err error) {
	m.status.Store(&Status{
		Fenced:    m.fenced,
		Suspected: slices.Sorted(maps.Keys(m.missed)),
		LastGood:  good,
		Err:       err,
	})
}
