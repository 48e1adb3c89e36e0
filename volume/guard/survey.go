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
	// manyHosts is from how many hosts on a heartbeat volume that shows them all
	// is looked at before their own volumes.
	manyHosts = 8
)

// survey asks one MDS for volumes that are known to be open, until it has shown
// every host that it must, and that it can list.
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

// run makes the survey. In a batch, what the MDS listed for the other volumes of
// the batch belongs to it.
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

// takeLists looks at what the MDS listed for the volumes of the checks.
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

// unseen returns how many hosts the MDS must still show.
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

// unproved reports whether the MDS has shown nobody yet in the survey.
func (s *survey) unproved() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.proved
}

// askHosts asks for volumes that are open on hosts not seen yet, a few at a time.
// One list may show many of them.
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

// nextOpen returns a volume to ask for next.
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

// askHeartbeats asks for the heartbeat volumes of the pools, which shows hosts
// where they are kept open.
func (s *survey) askHeartbeats(ctx context.Context) {
	for _, c := range s.checks {
		s.askOnce(ctx, zbs.Path{Pool: c.path.Pool, Volume: proof.HeartbeatVolume})
	}
}

// askAny asks for volumes of hosts that need not be shown, which prove as well
// that the MDS can list.
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

// askOnce asks for the volume unless that was done, and reports whether it did.
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

// ask asks for the clients of one volume. One whose pool is not known is not
// asked for.
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
