package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/zbs"
)

// hostsCheckCommand returns zbsctl hosts check.
func hostsCheckCommand(env *environment, to *target) *cobra.Command {
	g := &guardFlags{}
	var pool string
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Show what accounts for each host of the inventory now",
		Long: `Ask every MDS for the volumes that the inventory names as open, and show for each
host how zbsctl guard could account for it now, or what is missing. It also shows
whether the heartbeat volume of a pool could serve as a canary. It seldom can: hosts
open it for an instant only.

The exit code is 0 when every host can be accounted for, else 4.`,
		Example: `  zbsctl hosts check --hosts-file hosts.yaml
  zbsctl hosts check --pool pool -o json | jq '.hosts[] | select(.proof == "unproved")'`,
		Args: cobra.NoArgs,
	}
	out := outputFlag(cmd)
	g.inventoryFlag(cmd)
	cmd.Flags().StringVar(&pool, "pool", "", "only hosts that have this pool, and its heartbeat (default: all)")
	g.selfFencingFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return checkHosts(cmd.Context(), env, to, g, pool, *out) }
	return cmd
}

// checkHosts asks all MDS, and prints what accounts for each host.
func checkHosts(ctx context.Context, env *environment, to *target, g *guardFlags, pool string, out format) error {
	s, err := to.settings()
	if err != nil {
		return err
	}
	config, err := g.over(s.guard)
	if err != nil {
		return err
	}
	inventory, err := openInventory(ctx, to, g, s.guard)
	if err != nil {
		return err
	}
	defer inventory.Close()
	return to.withCluster(func(c cluster) error {
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
		check := newHostsPoll(l, inventory)
		stop := c.progress.during(fmt.Sprintf("ask %d MDS for %d hosts", len(c.Addrs()), len(inventory.Hosts())))
		check.run(ctx, heartbeats(pools))
		stop()
		doc := check.document(hostRules{c.Addrs(), pool, config.SelfFencing})
		if doc.unproved() > 0 || len(doc.Unknown) > 0 {
			env.exitWith(exitCannotTell)
		}
		if out.machine() {
			return encode(env.stdout, out, doc)
		}
		printHostsCheck(env, doc, config.SelfFencing, out == formatWide)
		return nil
	})
}
