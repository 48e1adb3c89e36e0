package guard

import (
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

const (
	// impatience is how long, at least, a round that has proved all it can waits for
	// the MDS that have not answered.
	impatience = 50 * time.Millisecond
	// patience is how long it waits at most.
	patience = mds.DefaultMostHedgeDelay
)

// silence keeps which MDS did not answer the last ping that a round waited for. Later
// rounds ask them but do not wait for them, until they answer.
type silence struct {
	mu  sync.Mutex // guards mds
	mds map[zbs.Addr]bool
}

func (s *silence) set(addr zbs.Addr, silent bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mds == nil {
		s.mds = make(map[zbs.Addr]bool)
	}
	s.mds[addr] = silent
}

func (s *silence) has(addr zbs.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mds[addr]
}
