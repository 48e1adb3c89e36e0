package cli

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// sightings are the addresses that the MDS list, and the volumes they are listed for.
type sightings struct {
	mu       sync.Mutex // guards what follows
	hosts    map[netip.Addr]map[zbs.Path]bool
	strange  []string           // texts that are no addresses
	failed   map[zbs.Addr]error // of MDS that have not answered yet
	answered map[zbs.Addr]bool
}

func newSightings() *sightings {
	return &sightings{
		hosts:    make(map[netip.Addr]map[zbs.Path]bool),
		failed:   make(map[zbs.Addr]error),
		answered: make(map[zbs.Addr]bool),
	}
}

// record notes the list of an MDS for a volume, or its error.
func (s *sightings) record(addr zbs.Addr, path zbs.Path, clients []zbs.Client, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		if !s.answered[addr] {
			s.failed[addr] = err
		}
		return
	}
	s.answered[addr] = true
	delete(s.failed, addr)
	for _, c := range clients {
		ip, ok := proof.HostAddr(c.IP)
		if !ok {
			if text := fmt.Sprintf("%q", c.IP); !slices.Contains(s.strange, text) {
				s.strange = append(s.strange, text)
			}
			continue
		}
		if s.hosts[ip] == nil {
			s.hosts[ip] = make(map[zbs.Path]bool)
		}
		s.hosts[ip][path] = true
	}
}

// watch asks every MDS for all volumes, again and again for the time.
func (s *sightings) watch(ctx context.Context, l *lister, paths []zbs.Path, lasts time.Duration) {
	const sweep = 200 * time.Millisecond
	end := time.Now().Add(lasts)
	var wg sync.WaitGroup
	for i, addr := range l.Addrs() {
		wg.Go(func() {
			pause(ctx, sweep*time.Duration(i)/time.Duration(len(l.Addrs()))) // so that they look at different instants
			for ctx.Err() == nil {
				began := time.Now()
				for _, path := range paths {
					clients, err := l.list(ctx, addr, path)
					s.record(addr, path, clients, err)
				}
				if !time.Now().Before(end) {
					return
				}
				pause(ctx, min(time.Until(began.Add(sweep)), time.Until(end)))
			}
		})
	}
	wg.Wait()
}

// inventory returns the draft, with a host for each address.
func (s *sightings) inventory() guard.Hosts {
	var hosts guard.Hosts
	for _, addr := range slices.SortedFunc(maps.Keys(s.hosts), netip.Addr.Compare) {
		host := guard.Host{Name: hostName(addr), Addrs: []netip.Addr{addr}}
		for path := range s.hosts[addr] {
			if path.Volume != guard.HeartbeatVolume {
				host.Open = append(host.Open, path)
			}
		}
		slices.SortFunc(host.Open, func(p, q zbs.Path) int { return strings.Compare(p.String(), q.String()) })
		hosts = append(hosts, host)
	}
	return hosts
}

// hostName is host-10-0-0-5 for 10.0.0.5.
func hostName(addr netip.Addr) string {
	return "host-" + strings.NewReplacer(".", "-", ":", "-").Replace(addr.String())
}
