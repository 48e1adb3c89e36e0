package volume

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// DefaultPoll is how often a volume is looked at while it is waited for.
const DefaultPoll = 2 * time.Second

// Release says how a change that would harm whoever has the volume open makes
// sure that nobody has. The zero Release looks once and refuses.
type Release struct {
	// Force skips the check. What somebody has open is then destroyed under him.
	Force bool
	// Wait is how long to wait until the volume is released; 0 looks once.
	Wait time.Duration
	// Poll is how often to look meanwhile, DefaultPoll unless positive.
	Poll time.Duration
	// Gate judges instead of the Service's own lists of clients.
	Gate Gate
}

// Gate returns nil when nobody has the volume open. ErrInUse means that
// somebody has; every other error that nobody can tell. It must be safe for
// concurrent use.
type Gate func(ctx context.Context, path zbs.Path) error

// released returns nil once nobody has the volume open.
func (s *Service) released(ctx context.Context, path zbs.Path, r Release) error {
	if r.Force {
		return nil
	}
	gate := r.Gate
	if gate == nil {
		gate = s.unlisted
	}
	if r.Wait <= 0 {
		return gate(ctx, path)
	}
	waiting, cancel := context.WithTimeout(ctx, r.Wait)
	defer cancel()
	poll := r.Poll
	if poll <= 0 {
		poll = DefaultPoll
	}
	last := ErrUndetermined
	for {
		err := gate(waiting, path)
		if err == nil {
			return nil
		}
		if waiting.Err() == nil {
			last = err
		}
		timer := time.NewTimer(poll)
		select {
		case <-timer.C:
		case <-waiting.Done():
			timer.Stop()
			if ctx.Err() != nil {
				return fmt.Errorf("%w: %w", ctx.Err(), last)
			}
			return fmt.Errorf("%w, %v: %w", ErrNotReleased, r.Wait, last)
		}
	}
}

// unlisted asks every MDS for the volume's clients: any client on any of them is
// one too many, and a majority of all MDS must say that there is none, in whose
// name a ping says that its agent was synced.
func (s *Service) unlisted(ctx context.Context, path zbs.Path) error {
	var mu sync.Mutex // guards the rest
	var holders []zbs.Client
	var doubts []error
	said := 0
	addrs := s.caller.Addrs()
	var wg sync.WaitGroup
	for _, addr := range addrs {
		wg.Go(func() {
			clients, err := s.listed(ctx, path, addr)
			mu.Lock()
			defer mu.Unlock()
			for _, c := range clients {
				if !slices.Contains(holders, c) {
					holders = append(holders, c)
				}
			}
			if err != nil {
				doubts = append(doubts, err)
			} else {
				said++
			}
		})
	}
	wg.Wait()
	switch {
	case len(holders) > 0:
		return &InUseError{Path: path, Holders: holders}
	case said <= len(addrs)/2:
		return fmt.Errorf("%w: %d of %d MDS list nobody: %w", ErrUndetermined, said, len(addrs), doubts[0])
	}
	return nil
}

// errUnsynced: an agent that lists nobody whatever the truth.
var errUnsynced = errors.New("had no metadata/sync since it started, its lists are empty")

func (s *Service) listed(ctx context.Context, path zbs.Path, addr zbs.Addr) ([]zbs.Client, error) {
	target := mds.Target(addr)
	list, err := s.Clients(ctx, path, target)
	if err != nil || len(list.Clients) > 0 {
		return list.Clients, err
	}
	facts, err := mds.Call(ctx, s.caller, zbs.GetFacts{}, s.queryOptions(nil, target)...)
	if err != nil {
		return nil, err
	}
	ping, err := mds.Call(ctx, s.caller, zbs.Ping{Cluster: facts}, s.queryOptions(nil, target)...)
	if err == nil && !ping.Synced() {
		err = fmt.Errorf("%s %w", addr, errUnsynced)
	}
	return nil, err
}
