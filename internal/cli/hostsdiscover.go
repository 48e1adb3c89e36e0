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

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/hostfile"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

func (a *app) hostsDiscoverCommand() *cobra.Command {
	g := &guarding{}
	var fromFile string
	cmd := &cobra.Command{
		Use:   "discover [PATH...]",
		Short: "Draft an inventory of the hosts that the MDS list",
		Long: `Watch what every MDS lists for as long as a client may take to register (refresh
+ leader-retry, 13 s), and print an inventory to review: a host for each
address.

Watched are the heartbeat volumes of all pools, and the volumes that are given:
as arguments or with --from-file. No MDS tells which volumes there are, so give
the disks of running machines: a host shows by what it has open, and its
heartbeat for an instant only.

The draft is incomplete by nature: hosts that were not seen are missing, and a
host with two addresses stands there twice. Merge and add before you use it.`,
		Example: `  zbsctl hosts discover --from-file volumes >hosts.yaml
  zbsctl hosts discover zbs://pool/disk-of-a zbs://pool/disk-of-b`,
	}
	out := outputFlag(cmd)
	cmd.Flags().StringVar(&fromFile, "from-file", "", "further volumes to watch, one path per line, - for stdin")
	cmd.Flags().Var((*wait)(&g.timing.Refresh), "refresh", "how often clients renew their entry (default 5s)")
	cmd.Flags().Var((*wait)(&g.timing.LeaderRetry), "leader-retry", "how long a client may look for a new leader (default 8s)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		paths, err := parseVolumes(args)
		if err != nil {
			return err
		}
		if fromFile != "" {
			more, err := a.readPaths(fromFile)
			if err != nil {
				return err
			}
			paths = append(paths, more...)
		}
		return a.hostsDiscover(cmd.Context(), g, paths, *out)
	}
	return cmd
}

func (a *app) hostsDiscover(ctx context.Context, g *guarding, paths []zbs.Path, out format) error {
	s, err := a.settings()
	if err != nil {
		return err
	}
	timing := s.guard.Timing
	if g.timing.Refresh != 0 {
		timing.Refresh = g.timing.Refresh
	}
	if g.timing.LeaderRetry != 0 {
		timing.LeaderRetry = g.timing.LeaderRetry
	}
	timing = timing.WithDefaults()
	a.progress = a.newProgress()
	return a.withCluster(func(c cluster) error {
		l, pools, err := newLister(ctx, c)
		if err != nil {
			return err
		}
		seen := &sightings{hosts: make(map[netip.Addr]map[zbs.Path]bool), failed: make(map[zbs.Addr]error)}
		watched := append(heartbeats(pools), paths...)
		what := fmt.Sprintf("watch %d volumes on %d MDS for %v", len(watched), len(c.Addrs()), timing.Refresh+timing.LeaderRetry)
		if a.progress == nil {
			fmt.Fprintln(a.stderr, what)
		}
		stop := a.progress.during(what)
		l.watch(ctx, watched, timing.Refresh+timing.LeaderRetry, seen)
		stop()
		return a.tellDiscovered(seen, l.probe(ctx), len(watched), out)
	})
}

// sightings are the addresses that were listed, and for which volumes.
type sightings struct {
	mu      sync.Mutex // guards what follows
	hosts   map[netip.Addr]map[zbs.Path]bool
	strange []string           // addresses that cannot be read
	failed  map[zbs.Addr]error // MDS that answered no question so far
	answers map[zbs.Addr]bool
}

func (s *sightings) take(addr zbs.Addr, path zbs.Path, clients []zbs.Client, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.answers == nil {
		s.answers = make(map[zbs.Addr]bool)
	}
	if err != nil {
		if !s.answers[addr] {
			s.failed[addr] = err
		}
		return
	}
	s.answers[addr] = true
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

// watch asks every MDS for all volumes, over and over for the time.
func (l *lister) watch(ctx context.Context, paths []zbs.Path, lasts time.Duration, seen *sightings) {
	const sweep = 200 * time.Millisecond
	end := time.Now().Add(lasts)
	var wg sync.WaitGroup
	for i, addr := range l.Addrs() {
		wg.Go(func() {
			pause(ctx, sweep*time.Duration(i)/time.Duration(len(l.Addrs()))) // so that they do not look at the same instants
			for ctx.Err() == nil {
				began := time.Now()
				for _, path := range paths {
					clients, err := l.list(ctx, addr, path)
					seen.take(addr, path, clients, err)
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

// inventory is the draft: one host per address.
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

const draftHeader = `# Draft of zbsctl hosts discover, %s.
# It is what %d MDS listed for %d volumes.
# It is INCOMPLETE by nature. Before you use it
#  - merge the addresses of one host into one entry, and give it its name;
#  - add every host that was not seen, and the MDS nodes if they export volumes;
#  - look at it with: zbsctl hosts check --hosts-file FILE
`

func (a *app) tellDiscovered(seen *sightings, healths []mds.Health, watched int, out format) error {
	for _, h := range healths {
		if err := seen.failed[h.Addr]; err != nil {
			fmt.Fprintf(a.stderr, "%s %s answered nothing: %v\n", a.errStyle(yellow, "note:"), h.Addr, err)
		} else if state := stateOf(h).text; state != "serving" {
			fmt.Fprintf(a.stderr, "%s %s is %s, so its lists may be empty\n", a.errStyle(yellow, "note:"), h.Addr, state)
		}
	}
	if len(seen.strange) > 0 {
		fmt.Fprintf(a.stderr, "%s listed, and no addresses: %s\n", a.errStyle(yellow, "note:"), strings.Join(seen.strange, ", "))
	}
	hosts := seen.inventory()
	if len(hosts) == 0 {
		return fmt.Errorf("%w: no MDS listed any host; give volumes that are open, such as the disks of running machines", volume.ErrUndetermined)
	}
	if out.machine() && out != formatYAML {
		return encode(a.stdout, out, struct {
			Hosts guard.Hosts `json:"hosts"`
		}{hosts})
	}
	text, err := hostfile.Marshal(hosts)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, draftHeader+"%s", time.Now().UTC().Format(time.RFC3339), len(healths), watched, text)
	return err
}
