// Package lookup has a map for what is read often and grows seldom.
package lookup

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// Map keeps one T for each name. Looking up takes no lock and no memory: the map is
// replaced as a whole when a name is used for the first time. It is safe for
// concurrent use; the zero Map is empty.
type Map[T any] struct {
	adding sync.Mutex
	all    atomic.Pointer[map[string]*T]
}

// Get returns the T of the name, a zero one at first.
func (m *Map[T]) Get(name string) *T {
	if v := m.snapshot()[name]; v != nil {
		return v
	}
	m.adding.Lock()
	defer m.adding.Unlock()
	grown := maps.Clone(m.snapshot())
	if grown == nil {
		grown = make(map[string]*T)
	}
	v := grown[name]
	if v == nil {
		v = new(T)
		grown[name] = v
		m.all.Store(&grown)
	}
	return v
}

// Names returns the names in use, sorted.
func (m *Map[T]) Names() []string { return slices.Sorted(maps.Keys(m.snapshot())) }

// snapshot returns the map, which must not be changed.
func (m *Map[T]) snapshot() map[string]*T {
	if all := m.all.Load(); all != nil {
		return *all
	}
	return nil
}
