package hashring_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/zbsclient/zbsclient/hashring"
)

// spec is the membership as its documentation describes it, with plain sets.
type spec struct {
	self    string
	members map[string]bool
	missed  map[string]int
	fenced  bool
	rounds  int // good ones
}

func (s *spec) join(id string) {
	if id == s.self {
		s.fenced = false
	}
	s.members[id] = true
	delete(s.missed, id)
}

func (s *spec) leave(id string) {
	if id == s.self {
		s.fenced = true
	}
	delete(s.members, id)
	delete(s.missed, id)
}

// heartbeat does a round with a source that answers with list, unless it is down.
func (s *spec) heartbeat(down, hasRow bool, list []string) {
	if down {
		return
	}
	s.rounds++
	if !s.fenced && !hasRow && s.members[s.self] {
		s.leave(s.self)
	}
	if len(list) == 0 && s.members[s.self] {
		return
	}
	for _, id := range list {
		if id != s.self || !s.fenced {
			s.join(id)
		}
	}
	for id := range maps.Clone(s.members) {
		if slices.Contains(list, id) {
			continue
		}
		if s.missed[id]++; s.missed[id] == 2 {
			s.leave(id)
		}
	}
}

// recorder stands between a membership and the table. It makes answers empty on
// demand. It also records them, so the test can check each leave against what the
// membership was told.
type recorder struct {
	*table
	empty   bool
	answers [][]string // the good ones
}

func (r *recorder) Nodes(ctx context.Context) ([]hashring.Node, error) {
	nodes, err := r.table.Nodes(ctx)
	if err != nil {
		return nil, err
	}
	if r.empty {
		nodes = nil
	}
	var ids []string
	for _, n := range nodes {
		ids = append(ids, n.ID)
	}
	r.answers = append(r.answers, ids)
	return nodes, nil
}

// player is one membership and its specification.
type player struct {
	m       *hashring.Membership
	spec    spec
	source  *recorder
	seen    map[string]bool // members according to the events
	illegal []string        // leaves that one missing read would explain
}

func newPlayer(t *rapid.T, self string, rows *table) *player {
	p := &player{
		spec:   spec{self: self, members: map[string]bool{}, missed: map[string]int{}},
		source: &recorder{table: rows},
		seen:   map[string]bool{},
	}
	m, err := hashring.NewMembership(self, p.source)
	if err != nil {
		t.Fatal(err)
	}
	m.Observe(p.observe)
	p.m = m
	return p
}

func (p *player) observe(e hashring.Event) {
	id := e.Node.ID
	if e.Joined == p.seen[id] {
		p.illegal = append(p.illegal, id+" joined or left twice")
	}
	p.seen[id] = e.Joined
	if e.Joined || e.Reason != hashring.Missing {
		return
	}
	n := len(p.source.answers)
	if n < 2 || slices.Contains(p.source.answers[n-1], id) || slices.Contains(p.source.answers[n-2], id) {
		p.illegal = append(p.illegal, id+" left though one of the last two reads had it")
	}
}

// heartbeat does a round of both and returns the membership's error.
func (p *player) heartbeat(t *rapid.T) error {
	rows := p.source.table
	// The round refreshes the row before it reads, and so must the specification.
	_, hasRow := rows.beats[p.spec.self]
	if hasRow && rows.fail == nil && !p.spec.fenced {
		rows.beats[p.spec.self] = rows.clock
	}
	var list []string
	for id, beat := range rows.beats {
		if !p.source.empty && rows.clock-beat <= staleAfter {
			list = append(list, id)
		}
	}
	p.spec.heartbeat(rows.fail != nil, hasRow, list)
	return p.m.Heartbeat(context.Background())
}

func (p *player) check(t *rapid.T) {
	want := slices.Sorted(maps.Keys(p.spec.members))
	if got := p.m.Nodes(); !slices.Equal(got, want) {
		t.Fatalf("%s: members are %q, want %q", p.spec.self, got, want)
	}
	maps.DeleteFunc(p.seen, func(_ string, in bool) bool { return !in })
	if seen := slices.Sorted(maps.Keys(p.seen)); !slices.Equal(seen, want) {
		t.Fatalf("%s: by its events members are %q, want %q", p.spec.self, seen, want)
	}
	status := p.m.Status()
	if suspected := slices.Sorted(maps.Keys(p.spec.missed)); !slices.Equal(status.Suspected, suspected) {
		t.Fatalf("%s: suspects %q, want %q", p.spec.self, status.Suspected, suspected)
	}
	if status.Fenced != p.spec.fenced {
		t.Fatalf("%s: fenced is %t, want %t", p.spec.self, status.Fenced, p.spec.fenced)
	}
	for _, key := range keys2000[:20] {
		owner, ok := p.m.Owner(key)
		if ok != (len(want) > 0) || ok && !p.spec.members[owner] {
			t.Fatalf("%s: owner of %q is %q, %t", p.spec.self, key, owner, ok)
		}
		if got := p.m.OwnedByUs(key); got != (ok && owner == p.spec.self) {
			t.Fatalf("%s: owned by us is %t, the owner %q", p.spec.self, got, owner)
		}
	}
	if p.illegal != nil {
		t.Fatalf("%s: %q", p.spec.self, p.illegal)
	}
}

// TestMembershipModel drives two memberships on one table through random histories.
// Two more nodes exist only as rows. At the end the source no longer changes, and two
// rounds later both memberships agree.
func TestMembershipModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := newTable("a", "b", "c")
		players := []*player{newPlayer(t, "a", rows), newPlayer(t, "b", rows)}
		anyone := rapid.SampledFrom([]string{"a", "b", "c", "d"})
		one := func(t *rapid.T) *player { return rapid.SampledFrom(players).Draw(t, "membership") }
		beat := func(t *rapid.T) { _ = one(t).heartbeat(t) }
		t.Repeat(map[string]func(*rapid.T){
			"heartbeat": beat, "heartbeat again": beat, "and again": beat,
			"told of a join": func(t *rapid.T) {
				p, id := one(t), anyone.Draw(t, "node")
				p.m.Join(hashring.Node{ID: id})
				p.spec.join(id)
			},
			"told of a leave": func(t *rapid.T) {
				p, id := one(t), anyone.Draw(t, "node")
				p.m.Leave(id)
				p.spec.leave(id)
			},
			"told dead": func(t *rapid.T) {
				p := one(t)
				p.m.Dead()
				p.spec.leave(p.spec.self)
			},
			"row is written":   func(t *rapid.T) { rows.beats[anyone.Draw(t, "node")] = rows.clock },
			"row is deleted":   func(t *rapid.T) { delete(rows.beats, anyone.Draw(t, "node")) },
			"clock steps":      func(t *rapid.T) { rows.clock += rapid.IntRange(1, 5).Draw(t, "step") },
			"source goes down": func(*rapid.T) { rows.fail = errors.New("down") },
			"source comes up":  func(*rapid.T) { rows.fail = nil },
			"answers empty":    func(t *rapid.T) { one(t).source.empty = true },
			"answers again":    func(t *rapid.T) { one(t).source.empty = false },
			"info": func(t *rapid.T) {
				p, id := one(t), anyone.Draw(t, "node")
				node, err := p.m.NodeInfo(context.Background(), id)
				p.source.answers = p.source.answers[:p.spec.rounds] // that was no round
				if err == nil && node.ID != id {
					t.Fatalf("info of %q is %+v", id, node)
				}
			},
			"": func(t *rapid.T) {
				for _, p := range players {
					p.check(t)
				}
			},
		})
		settle(t, rows, players)
	})
}

func settle(t *rapid.T, rows *table, players []*player) {
	rows.fail = nil
	for _, p := range players {
		p.source.empty = false
		if p.spec.fenced {
			p.m.Join(hashring.Node{ID: p.spec.self})
			p.spec.join(p.spec.self)
		}
		rows.beats[p.spec.self] = rows.clock
	}
	for range 2 {
		for _, p := range players {
			if err := p.heartbeat(t); err != nil {
				t.Fatalf("%s: heartbeat after the source settled: %v", p.spec.self, err)
			}
			p.check(t)
		}
	}
	a, b := players[0].m, players[1].m
	if !slices.Equal(a.Nodes(), b.Nodes()) {
		t.Fatalf("after two rounds a sees %q, b sees %q", a.Nodes(), b.Nodes())
	}
	for _, key := range keys2000[:100] {
		if a.OwnedByUs(key) && b.OwnedByUs(key) {
			t.Fatalf("both own %q", key)
		}
	}
}
