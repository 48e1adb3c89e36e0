// Package storage is a fake ZBS storage: the pools, volumes, snapshots and clones of
// a cluster, the registry of the clients that have a volume open, and the vhost
// block devices and targets of hosts. It speaks no HTTP and has no quirks of the
// agents in front of it. Its commands fail with the texts of the real ones.
//
//	st := storage.New(storage.Options{})
//	st.Do(func(s *storage.State) {
//		s.AddPool("lp1", "pp1")
//		v, err := s.Create("lp1", "vol-42", 10<<30)
//		...
//	})
package storage

import "sync"

// Storage guards a State. Safe for concurrent use. The zero Storage is not usable:
// make one with New.
type Storage struct {
	mu    sync.Mutex // guards state
	state State
}

// New returns a storage without pools.
func New(o Options) *Storage {
	return &Storage{state: State{
		options: o, bdevs: map[bdevKey]*bdev{}, stopped: map[string]bool{}, lastPort: 9999,
	}}
}

// Do runs f with the state locked. f must not wait, must not call Do, and must not
// keep anything of the state.
func (s *Storage) Do(f func(*State)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.state)
}
