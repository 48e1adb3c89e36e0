package guard

import (
	"context"
	"slices"
	"sync"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

const (
	// openPerHost bounds how many volumes of one host an MDS is asked for.
	openPerHost = 3
	// manyHosts is how many hosts must be missing before a survey asks for a heartbeat
	// volume first, which may show them all.
	manyHosts = 8
)

// survey asks one MDS for volumes that are known to be open, until the MDS has shown
// every needed host, and that it can list.
type survey struct {
	*poll
	inventory *proof.Inventory

	mu     sync.Mutex // guards what follows
	seen   proof.HostSet
	lists  []proof.VolumeList
	proved bool        // a volume asked for in the survey has a client
	asked  []zbs.Path  // volumes asked for
	busy   map[int]int // how many volumes of a host were asked for
	before zbs.Path    // a volume that had a client before the lists; zero: none
}

func newSurvey(p *poll) *survey {
	return &survey{poll: p, inventory: p.lead.evidence.Hosts, busy: make(map[int]int)}
}

// run makes the survey. The lists of the other volumes of the batch are a part of it.
func (s *survey) run(ctx context.Context) {
	s.takeLists()
	if canary := s.lead.Canary; canary != (zbs.Path{}) {
		s.ask(ctx, canary)
	}
	if s.unseen() > manyHosts {
		s.askHeartbeats(ctx)
	}
	s.askHosts(ctx)
	if s.before != (zbs.Path{}) && s.unproved() {
		s.ask(ctx, s.before)
	}
	if s.unseen() > 0 || s.unproved() {
		s.askHeartbeats(ctx)
	}
	if s.unproved() {
		s.askAny(ctx)
	}
	s.keep()
}

// keep makes the lists a part of the evidence.
func (s *survey) keep() {
	s.poll.mu.Lock()
	defer s.poll.mu.Unlock()
	s.survey = &proof.Survey{Lists: s.lists}
}

// takeLists takes over the lists of the volumes of the checks.
func (s *survey) takeLists() {
	s.poll.mu.Lock()
	defer s.poll.mu.Unlock()
	for i, list := range s.poll.lists {
		s.seen.AddClients(s.inventory, list.Clients)
		if len(s.checks) > 1 && len(list.Clients) > 0 {
			s.lists = append(s.lists, proof.VolumeList{Volume: s.checks[i].path, ListAnswer: list})
		}
	}
}

// unseen returns how many needed hosts the MDS has not shown yet.
func (s *survey) unseen() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.inventory.Len() {
		if s.needed.Has(i) && !s.seen.Has(i) {
			n++
		}
	}
	return n
}

// unproved reports whether no list of the survey has a client yet.
func (s *survey) unproved() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.proved
}

// askHosts asks for volumes that are open on hosts not seen yet, a few at a time. One list
// may show several hosts.
func (s *survey) askHosts(ctx context.Context) {
	var wg sync.WaitGroup
	for range s.lead.load.Parallel {
		wg.Go(func() {
			for path, ok := s.nextOpen(); ok && ctx.Err() == nil; path, ok = s.nextOpen() {
				s.ask(ctx, path)
			}
		})
	}
	wg.Wait()
}

// nextOpen returns the next volume to ask for, and false if there is none.
func (s *survey) nextOpen() (zbs.Path, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.inventory.Len() {
		if !s.needed.Has(i) || s.seen.Has(i) {
			continue
		}
		open := s.inventory.At(i).Open
		for s.busy[i] < min(openPerHost, len(open)) {
			path := open[s.busy[i]]
			s.busy[i]++
			if !slices.Contains(s.asked, path) {
				s.asked = append(s.asked, path)
				return path, true
			}
		}
	}
	return zbs.Path{}, false
}

// askHeartbeats asks for the heartbeat volumes of the pools, which show hosts if these
// keep them open.
func (s *survey) askHeartbeats(ctx context.Context) {
	for _, c := range s.checks {
		s.askOnce(ctx, zbs.Path{Pool: c.path.Pool, Volume: proof.HeartbeatVolume})
	}
}

// askAny asks for volumes of hosts that need not be shown. Their clients also prove that
// the MDS can list.
func (s *survey) askAny(ctx context.Context) {
	left := openPerHost
	for i := range s.inventory.Len() {
		for _, path := range s.inventory.At(i).Open {
			if left == 0 || !s.unproved() || ctx.Err() != nil {
				return
			}
			if s.askOnce(ctx, path) {
				left--
			}
		}
	}
}

// askOnce asks for the volume unless the survey did before. It reports whether it asked.
func (s *survey) askOnce(ctx context.Context, path zbs.Path) bool {
	s.mu.Lock()
	if slices.Contains(s.asked, path) {
		s.mu.Unlock()
		return false
	}
	s.asked = append(s.asked, path)
	s.mu.Unlock()
	s.ask(ctx, path)
	return true
}

// ask asks for the clients of one volume, unless its pool is not known.
func (s *survey) ask(ctx context.Context, path zbs.Path) {
	cbd, err := s.guard.pools.find(path, s.lead.facts.UUID)
	if err != nil {
		return
	}
	list := listAnswer(s.guard.querier.clients(ctx, s.addr, cbd, s.lead.limits()), s.began)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lists = append(s.lists, proof.VolumeList{Volume: path, ListAnswer: list})
	s.seen.AddClients(s.inventory, list.Clients)
	s.proved = s.proved || list.Outcome == proof.Answered && len(list.Clients) > 0
}
