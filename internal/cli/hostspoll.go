package cli

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/internal/cli/internal/health"
	"github.com/zbsclient/zbsclient/internal/guardconfig"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

// hostsPoll asks all MDS which hosts of the inventory they list.
type hostsPoll struct {
	*lister
	inventory *guardconfig.Inventory
	healths   []mds.Health

	mu      sync.Mutex                // guards what follows
	seen    map[string][]hostSighting // by name of the host, at most one per MDS
	unknown []unknownAddr
	beats   []heartbeatDoc
}

func newHostsPoll(l *lister, inventory *guardconfig.Inventory) *hostsPoll {
	return &hostsPoll{lister: l, inventory: inventory, seen: make(map[string][]hostSighting)}
}

// run asks all MDS at the same time.
func (h *hostsPoll) run(ctx context.Context, heartbeats []zbs.Path) {
	var wg sync.WaitGroup
	wg.Go(func() { h.healths = h.probe(ctx) })
	for _, addr := range h.Addrs() {
		wg.Go(func() { h.askOpen(ctx, addr) })
	}
	for _, path := range heartbeats {
		wg.Go(func() { h.askHeartbeat(ctx, path) })
	}
	wg.Wait()
	slices.SortFunc(h.beats, func(a, b heartbeatDoc) int { return strings.Compare(a.Pool, b.Pool) })
}

// askOpen asks the MDS for a few volumes of each host that it has not listed yet.
func (h *hostsPoll) askOpen(ctx context.Context, addr zbs.Addr) {
	asked := make(map[zbs.Path]bool)
	for _, host := range h.inventory.Hosts() {
		for _, path := range host.Open[:min(openPerHost, len(host.Open))] {
			if h.isListed(host, addr) {
				break
			}
			if asked[path] || ctx.Err() != nil {
				continue
			}
			asked[path] = true
			clients, err := h.list(ctx, addr, path)
			if err == nil {
				h.record(addr, path, clients)
			}
		}
	}
}

func (h *hostsPoll) isListed(host guard.Host, by zbs.Addr) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.isListedLocked(host, by)
}

func (h *hostsPoll) isListedLocked(host guard.Host, by zbs.Addr) bool {
	return slices.ContainsFunc(h.seen[host.Name], func(s hostSighting) bool { return s.mds == by })
}

// record assigns the clients of a list to hosts.
func (h *hostsPoll) record(addr zbs.Addr, path zbs.Path, clients []zbs.Client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range clients {
		host, ok := h.inventory.Find(c.IP)
		switch {
		case !ok && !slices.ContainsFunc(h.unknown, func(u unknownAddr) bool { return u.IP == c.IP }):
			h.unknown = append(h.unknown, unknownAddr{c.IP, path.String(), addr})
		case ok && !h.isListedLocked(host, addr):
			h.seen[host.Name] = append(h.seen[host.Name], hostSighting{addr, path})
		}
	}
}

// askHeartbeat finds out whether hosts keep the heartbeat volume open.
func (h *hostsPoll) askHeartbeat(ctx context.Context, path zbs.Path) {
	var mu sync.Mutex // guards samples
	samples := make(heartbeatCounts)
	var wg sync.WaitGroup
	for _, addr := range h.Addrs() {
		wg.Go(func() {
			for range heartbeatSamples {
				clients, err := h.list(ctx, addr, path)
				if err != nil {
					return
				}
				mu.Lock()
				samples.add(addr, clients)
				mu.Unlock()
				pause(ctx, 250*time.Millisecond)
			}
		})
	}
	wg.Wait()
	for addr := range samples {
		h.record(addr, path, samples.steady(addr))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.beats = append(h.beats, heartbeatDoc{Pool: path.Pool, Lists: samples.lists()})
}

// document returns what was found out, once run has returned.
func (h *hostsPoll) document(rules hostRules) hostsCheckDoc {
	doc := hostsCheckDoc{From: h.inventory.From, Heartbeats: h.beats, Unknown: h.unknown}
	for _, host := range h.inventory.Hosts() {
		seen := h.seen[host.Name]
		if rules.pool == "" || host.Attached(rules.pool) || len(seen) > 0 {
			doc.Hosts = append(doc.Hosts, rules.check(host, seen))
		}
	}
	for _, m := range h.healths {
		doc.MDS = append(doc.MDS, health.DocOf(m))
	}
	return doc
}
