package mds

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// byEndpoint is a map of what is kept by endpoint. Looking up takes no lock: the
// map is replaced as a whole when an endpoint is used for the first time. The
// zero map is empty.
type byEndpoint[T any] struct {
	adding sync.Mutex
	all    atomic.Pointer[map[string]*T]
}

func (b *byEndpoint[T]) get(endpoint string) *T {
	if all := b.all.Load(); all != nil {
		if v := (*all)[endpoint]; v != nil {
			return v
		}
	}
	b.adding.Lock()
	defer b.adding.Unlock()
	grown := maps.Clone(b.snapshot())
	if grown == nil {
		grown = make(map[string]*T)
	}
	v := grown[endpoint]
	if v == nil {
		v = new(T)
		grown[endpoint] = v
		b.all.Store(&grown)
	}
	return v
}

// snapshot returns the map, which must not be changed.
func (b *byEndpoint[T]) snapshot() map[string]*T {
	if all := b.all.Load(); all != nil {
		return *all
	}
	return nil
}

// names returns the endpoints in order.
func (b *byEndpoint[T]) names() []string { return slices.Sorted(maps.Keys(b.snapshot())) }
