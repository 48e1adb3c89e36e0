package hashring

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// Run does a round at once, and then one per interval until ctx ends. It returns the
// error of ctx. Failed rounds are logged and reported by [Membership.Status].
func (m *Membership) Run(ctx context.Context) error {
	ticker := time.NewTicker(m.interval)
	defer ticker.Stop()
	for {
		if err := m.Heartbeat(ctx); err != nil && ctx.Err() == nil {
			m.log.LogAttrs(ctx, slog.LevelWarn, "heartbeat", slog.String("node", m.self), slog.Any("err", err))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// Heartbeat does one round. If the source is a [Beater], our own node is refreshed
// first. Then the source's list is compared with the ring:
//
//  1. A node that is in the list and not in the ring joins.
//  2. A member that is not in the list is suspected. It leaves when it was not in
//     the list for as many rounds in a row as [WithRounds] says.
//  3. A member that is in the list is no longer suspected.
//  4. If the source fails, nothing changes and its error is returned. If the list is
//     empty although our own node is a member, nothing changes and [ErrEmptySource]
//     is returned.
//  5. Our own node leaves the ring if the source has no entry of it to refresh, or
//     does not list it for as many rounds as make any other node leave. The error
//     matches [ErrFenced]. A later list does not bring the node back, but Join does.
//  6. If our own node is in neither a [Beater] nor the ring, the error matches
//     [ErrNotListed]. The other nodes are compared even so.
func (m *Membership) Heartbeat(ctx context.Context) error {
	var err error
	m.change(func() {
		err = m.roundLocked(ctx)
		good := m.Status().LastGood
		if err == nil {
			good = time.Now()
		}
		m.storeStatusLocked(good, err)
	})
	return err
}

func (m *Membership) roundLocked(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, m.interval)
	defer cancel()
	fenceErr, err := m.beatLocked(ctx)
	if err != nil {
		return err
	}
	nodes, err := m.source.Nodes(ctx)
	if err != nil {
		return errors.Join(fenceErr, fmt.Errorf("list nodes: %w", err))
	}
	if len(nodes) == 0 && m.ring.member(m.self) {
		return ErrEmptySource
	}
	return errors.Join(fenceErr, m.reconcileLocked(nodes))
}

// beatLocked refreshes our own node. It returns absent if the source does not have the
// node, after which the round continues. It returns failed if the source fails, which
// ends the round.
func (m *Membership) beatLocked(ctx context.Context) (absent, failed error) {
	beater, ok := m.source.(Beater)
	if !ok || m.self == "" || m.fenced {
		return nil, nil
	}
	switch err := beater.Beat(ctx, m.self); {
	case err == nil:
		return nil, nil
	case !errors.Is(err, ErrNotListed):
		return nil, fmt.Errorf("refresh node %q: %w", m.self, err)
	case !m.ring.member(m.self):
		return fmt.Errorf("refresh node %q: %w", m.self, err), nil
	}
	return m.fenceLocked(), nil
}

func (m *Membership) fenceLocked() error {
	m.fenced = true
	m.leaveLocked(m.self, Fenced)
	return fmt.Errorf("node %q: %w", m.self, ErrFenced)
}

// reconcileLocked applies rules 1 to 3 and 5 of [Membership.Heartbeat].
func (m *Membership) reconcileLocked(nodes []Node) (err error) {
	listed := make(map[string]bool, len(nodes))
	nodes = slices.DeleteFunc(slices.Clone(nodes), func(n Node) bool {
		skip := n.ID == "" || n.ID == m.self && m.fenced || listed[n.ID]
		listed[n.ID] = !skip || listed[n.ID]
		return skip
	})
	m.joinLocked(nodes, Listed)
	for _, id := range m.ring.Nodes() {
		if listed[id] {
			continue
		}
		if m.missed[id]++; m.missed[id] < m.rounds {
			continue
		}
		if id == m.self {
			err = m.fenceLocked()
			continue
		}
		m.leaveLocked(id, Missing)
	}
	// Entries that NodeInfo added and that the source has dropped since are no members.
	m.setTableLocked(func(table map[string]Node) {
		for id := range table {
			if !listed[id] && !m.ring.member(id) {
				delete(table, id)
			}
		}
	})
	return err
}
