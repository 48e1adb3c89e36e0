package cli

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/internal/cli/internal/health"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/hostfile"
	"github.com/zbsclient/zbsclient/zbs"
)

// hostsDiscoverCommand returns zbsctl hosts discover.
func hostsDiscoverCommand(env *environment, to *target) *cobra.Command {
	g := &guardFlags{}
	var fromFile string
	cmd := &cobra.Command{
		Use:   "discover [PATH...]",
		Short: "Draft an inventory of the hosts that the MDS list",
		Long: `Watch the lists of every MDS for as long as a client may take to register (refresh
+ leader-retry, 13 s), and print a draft of an inventory, with a host for each
address.

zbsctl watches the heartbeat volumes of all pools, and the volumes that you name as
arguments or with --from-file. No MDS can list all volumes, so name the disks of
running machines: a host is listed for a volume that it has open, and for its
heartbeat volume only for an instant.

The draft is incomplete: hosts that were not seen are missing, and a host with two
addresses appears twice. Review it before you use it.`,
		Example: `  zbsctl hosts discover --from-file volumes >hosts.yaml
  zbsctl hosts discover zbs://pool/disk-of-a zbs://pool/disk-of-b`,
	}
	out := outputFlag(cmd)
	cmd.Flags().StringVar(&fromFile, "from-file", "", "further volumes to watch, one path per line, - for stdin")
	g.registryFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		paths, err := parseVolumes(args)
		if err != nil {
			return err
		}
		if fromFile != "" {
			more, err := readPaths(env, fromFile)
			if err != nil {
				return err
			}
			paths = append(paths, more...)
		}
		return discoverHosts(cmd.Context(), env, to, g, paths, *out)
	}
	return cmd
}

// discoverHosts watches all MDS, and prints the draft.
func discoverHosts(ctx context.Context, env *environment, to *target, g *guardFlags, paths []zbs.Path, out format) error {
	s, err := to.settings()
	if err != nil {
		return err
	}
	lasts := registration(g.timing, s.guard.Timing)
	return to.withCluster(func(c cluster) error {
		l, pools, err := newLister(ctx, c)
		if err != nil {
			return err
		}
		watched := append(heartbeats(pools), paths...)
		what := fmt.Sprintf("watch %d volumes on %d MDS for %v", len(watched), len(c.Addrs()), lasts)
		if c.progress == nil {
			fmt.Fprintln(env.stderr, what)
		}
		stop := c.progress.during(what)
		seen := newSightings()
		seen.watch(ctx, l, watched, lasts)
		stop()
		healths := l.probe(ctx)
		warn(env, seen, healths)
		return printDraft(env, seen.inventory(), len(healths), len(watched), out)
	})
}

// registration returns how long a client may take to register. Flags take precedence
// over the context.
func registration(flags, context guard.Timing) time.Duration {
	t := guard.Timing{
		Refresh:     cmp.Or(flags.Refresh, context.Refresh),
		LeaderRetry: cmp.Or(flags.LeaderRetry, context.LeaderRetry),
	}.WithDefaults()
	return t.Refresh + t.LeaderRetry
}

// warn prints what makes the draft incomplete.
func warn(env *environment, seen *sightings, healths []mds.Health) {
	for _, h := range healths {
		if err := seen.failed[h.Addr]; err != nil {
			env.note("%s answered nothing: %v", h.Addr, err)
		} else if state := health.Of(h); state != health.Serving {
			env.note("%s is %s, so its lists may be empty", h.Addr, state)
		}
	}
	if len(seen.strange) > 0 {
		env.note("listed, and no addresses: %s", strings.Join(seen.strange, ", "))
	}
}

// draftHeader begins the draft in YAML.
const draftHeader = `# Draft of zbsctl hosts discover, %s.
# It is what %d MDS listed for %d volumes.
# It is INCOMPLETE by nature. Before you use it
#  - merge the addresses of one host into one entry, and give it its name;
#  - add every host that was not seen, and the MDS nodes if they export volumes;
#  - look at it with: zbsctl hosts check --hosts-file FILE
`

// printDraft prints the inventory. A draft without hosts is an error.
func printDraft(env *environment, hosts guard.Hosts, asked, watched int, out format) error {
	if len(hosts) == 0 {
		return fmt.Errorf("%w: no MDS listed any host; give volumes that are open, such as the disks of running machines", volume.ErrUndetermined)
	}
	if out == formatJSON {
		return encode(env.stdout, out, draftDoc{hosts})
	}
	text, err := hostfile.Marshal(hosts)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.stdout, draftHeader+"%s", time.Now().UTC().Format(time.RFC3339), asked, watched, text)
	return err
}

// draftDoc is the JSON of zbsctl hosts discover. It is a contract: see
// docs/json-output.md.
type draftDoc struct {
	Hosts guard.Hosts `json:"hosts"`
}
