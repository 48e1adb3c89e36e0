package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/internal/guardconfig"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

func (a *app) hostsCheckCommand() *cobra.Command {
	g := &guarding{}
	var pool string
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Show how each host of the inventory could be proved now",
		Long: `Ask every MDS for the volumes that the inventory names as open, and show of each
host how zbsctl guard could account for it now, or what is missing. It also
looks whether the heartbeat volume of a pool could serve as a canary: hosts open
it for an instant only, so it seldom does.

The exit code is 0 when every host can be accounted for, and else 4.`,
		Example: `  zbsctl hosts check --hosts-file hosts.yaml
  zbsctl hosts check --pool pool -o json | jq '.hosts[] | select(.proof == "unproved")'`,
		Args: cobra.NoArgs,
	}
	out := outputFlag(cmd)
	inventoryFlag(cmd, g)
	cmd.Flags().StringVar(&pool, "pool", "", "only hosts that have this pool, and its heartbeat (default: all)")
	cmd.Flags().Var((*wait)(&g.selfFencing), "self-fencing", "hosts that lose the MDS are known to end their machines within this time, such as 150s (default: they are not)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return a.hostsCheck(cmd.Context(), g, pool, *out) }
	return cmd
}

func (a *app) hostsCheck(ctx context.Context, g *guarding, pool string, out format) error {
	s, err := a.settings()
	if err != nil {
		return err
	}
	config, err := g.over(s.guard)
	if err != nil {
		return err
	}
	inventory, err := a.openInventory(ctx, g, s.guard)
	if err != nil {
		return err
	}
	defer inventory.Close()
	a.progress = a.newProgress()
	return a.withCluster(func(c cluster) error {
		l, pools, err := newLister(ctx, c)
		if err != nil {
			return err
		}
		if pool != "" {
			elsewhere := func(p zbs.LogicalPool) bool { return p.Name != pool }
			if pools = slices.DeleteFunc(pools, elsewhere); len(pools) == 0 {
				return fmt.Errorf("%w: %w %q", volume.ErrNotFound, zbs.ErrUnknownPool, pool)
			}
		}
		check := &hostsChecking{lister: l, inventory: inventory, pool: pool, selfFencing: config.SelfFencing, seen: make(map[string][]hostSighting)}
		stop := a.progress.during(fmt.Sprintf("ask %d MDS for %d hosts", len(c.Addrs()), len(inventory.Hosts())))
		check.run(ctx, heartbeats(pools))
		stop()
		return a.printHostsCheck(check, out)
	})
}

// openPerHost is how many open volumes of a host the Guard asks an MDS for.
const openPerHost = 3

// hostSighting is that an MDS lists a host for a volume.
type hostSighting struct {
	mds    zbs.Addr
	volume zbs.Path
}

// unknownAddr is an address that belongs to no host of the inventory.
type unknownAddr struct {
	IP     string   `json:"ip"`
	Volume string   `json:"volume"`
	MDS    zbs.Addr `json:"mds"`
}

// hostsChecking is a check of the inventory under way.
type hostsChecking struct {
	*lister
	inventory   *guardconfig.Inventory
	pool        string // empty: all
	selfFencing time.Duration
	healths     []mds.Health

	mu      sync.Mutex                // guards what follows
	seen    map[string][]hostSighting // by host, at most one per MDS
	unknown []unknownAddr
	beats   []heartbeatDoc
}

// run asks all MDS at the same time.
func (h *hostsChecking) run(ctx context.Context, heartbeats []zbs.Path) {
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

// askOpen asks the MDS for a few volumes of each host that no list has shown yet.
func (h *hostsChecking) askOpen(ctx context.Context, addr zbs.Addr) {
	asked := make(map[zbs.Path]bool)
	for _, host := range h.inventory.Hosts() {
		for _, path := range host.Open[:min(openPerHost, len(host.Open))] {
			if h.lists(addr, host.Name) {
				break
			}
			if asked[path] || ctx.Err() != nil {
				continue
			}
			asked[path] = true
			clients, err := h.list(ctx, addr, path)
			if err == nil {
				h.take(addr, path, clients)
			}
		}
	}
}

func (h *hostsChecking) lists(addr zbs.Addr, host string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.ContainsFunc(h.seen[host], func(s hostSighting) bool { return s.mds == addr })
}

// take notes which hosts the clients are of.
func (h *hostsChecking) take(addr zbs.Addr, path zbs.Path, clients []zbs.Client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range clients {
		host, ok := h.inventory.Find(c.IP)
		if !ok {
			if u := (unknownAddr{c.IP, path.String(), addr}); !slices.ContainsFunc(h.unknown, func(o unknownAddr) bool { return o.IP == u.IP }) {
				h.unknown = append(h.unknown, u)
			}
			continue
		}
		if !slices.ContainsFunc(h.seen[host.Name], func(s hostSighting) bool { return s.mds == addr }) {
			h.seen[host.Name] = append(h.seen[host.Name], hostSighting{addr, path})
		}
	}
}

// heartbeatSamples is how often a heartbeat volume is looked at: hosts that keep it
// open are listed each time.
const heartbeatSamples = 4

// askHeartbeat looks whether the heartbeat volume is kept open.
func (h *hostsChecking) askHeartbeat(ctx context.Context, path zbs.Path) {
	var mu sync.Mutex // guards counts
	counts := make(map[zbs.Addr]map[zbs.Client]int)
	var wg sync.WaitGroup
	for _, addr := range h.Addrs() {
		wg.Go(func() {
			for range heartbeatSamples {
				clients, err := h.list(ctx, addr, path)
				if err != nil {
					return
				}
				mu.Lock()
				if counts[addr] == nil {
					counts[addr] = make(map[zbs.Client]int)
				}
				for _, c := range clients {
					counts[addr][c]++
				}
				mu.Unlock()
				pause(ctx, 250*time.Millisecond)
			}
		})
	}
	wg.Wait()
	h.judgeHeartbeat(path, counts)
}

// judgeHeartbeat takes the clients that were listed each time for hosts that keep
// the volume open.
func (h *hostsChecking) judgeHeartbeat(path zbs.Path, counts map[zbs.Addr]map[zbs.Client]int) {
	beat := heartbeatDoc{Pool: path.Pool, Lists: "empty"}
	for addr, clients := range counts {
		var steady []zbs.Client
		for c, n := range clients {
			if n == heartbeatSamples {
				steady = append(steady, c)
			} else if beat.Lists == "empty" {
				beat.Lists = "flicker"
			}
		}
		if len(steady) > 0 {
			beat.Lists = "steady"
			h.take(addr, path, steady)
		}
	}
	if len(counts) == 0 {
		beat.Lists = "unknown"
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.beats = append(h.beats, beat)
}

// majority is how many MDS must list a host.
func (h *hostsChecking) majority() int { return len(h.Addrs())/2 + 1 }

// judge says how the host could be accounted for, or what is missing.
func (h *hostsChecking) judge(host guard.Host) hostCheckDoc {
	doc := hostCheckDoc{Host: host.Name, MDS: []zbs.Addr{}}
	seen := slices.Clone(h.seen[host.Name])
	slices.SortFunc(seen, func(a, b hostSighting) int { return slices.Index(h.Addrs(), a.mds) - slices.Index(h.Addrs(), b.mds) })
	for _, s := range seen {
		doc.MDS = append(doc.MDS, s.mds)
	}
	if len(seen) > 0 {
		doc.Volume = seen[0].volume.String()
	}
	attached := h.pool == "" || host.Attached(h.pool)
	switch {
	case len(seen) >= h.majority():
		doc.Proof = proof.Visible.String()
	case len(seen) == 0 && host.State == guard.Maintenance:
		doc.Proof = proof.InMaintenance.String()
	case len(seen) == 0 && !attached:
		doc.Proof = proof.OutOfPool.String()
	case h.selfFencing > 0:
		doc.Proof = proof.SelfFenced.String()
	default:
		doc.Proof, doc.Missing = proof.MeansNone.String(), h.missing(host, len(seen))
	}
	return doc
}

// missing says why the host is not accounted for.
func (h *hostsChecking) missing(host guard.Host, seen int) string {
	switch {
	case seen > 0:
		return fmt.Sprintf("%d of %d MDS list it, want %d", seen, len(h.Addrs()), h.majority())
	case len(host.Open) == 0:
		return "nothing is known to be open on it"
	case len(host.Open) == 1:
		return "no MDS lists it for " + shorten(host.Open[0].Volume, 20)
	}
	return fmt.Sprintf("no MDS lists it for %d volumes", min(openPerHost, len(host.Open)))
}
