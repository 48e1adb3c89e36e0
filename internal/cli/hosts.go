package cli

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/internal/guardconfig"
	"github.com/zbsclient/zbsclient/volume/guard"
)

func (a *app) hostsCommand() *cobra.Command {
	return group("hosts", "Look after the inventory of hosts that the guard goes by",
		a.hostsListCommand(), a.hostsCheckCommand(), a.hostsDiscoverCommand())
}

func (a *app) hostsListCommand() *cobra.Command {
	g := &guarding{}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Show the inventory as it is read",
		Long: `Show the inventory of hosts as zbsctl guard reads it: from --hosts-file, or from
the context (zbsctl help config). No MDS is asked.`,
		Example: `  zbsctl hosts list --hosts-file hosts.yaml
  zbsctl hosts list -o json | jq -r '.hosts[] | select(.open == null) | .name'`,
		Args: cobra.NoArgs,
	}
	out := outputFlag(cmd)
	inventoryFlag(cmd, g)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		s, err := a.readSettings()
		if err != nil {
			return err
		}
		inventory, err := a.openInventory(cmd.Context(), g, s.guard)
		if err != nil {
			return err
		}
		defer inventory.Close()
		return a.printInventory(inventory, *out)
	}
	return cmd
}

// openInventory reads the inventory, which there must be.
func (a *app) openInventory(ctx context.Context, g *guarding, c guardconfig.Config) (*guardconfig.Inventory, error) {
	config, err := g.over(c)
	if err != nil {
		return nil, err
	}
	if !config.Hosts.Given() {
		return nil, usagef("no inventory of hosts: name one with --hosts-file, or in the context (zbsctl help config)")
	}
	inventory, err := config.Hosts.Open(ctx, a.logger())
	if err != nil {
		return nil, inventoryError(err)
	}
	return inventory, nil
}

// inventoryDoc is the JSON and YAML of zbsctl hosts list, a contract: see
// docs/json-output.md. Its hosts are what --hosts-file reads.
type inventoryDoc struct {
	From  string       `json:"from"`
	Hosts []guard.Host `json:"hosts"`
}

func (a *app) printInventory(inventory *guardconfig.Inventory, out format) error {
	hosts := inventory.Hosts()
	if out.machine() {
		return encode(a.stdout, out, inventoryDoc{inventory.From, hosts})
	}
	fmt.Fprintf(a.stdout, "%d hosts of %s\n\n", len(hosts), inventory.From)
	t := table{header: []string{"HOST", "STATE", "OPEN", "POOLS", "ADDRESSES"}}
	for _, h := range hosts {
		state := cell{text: h.State.String()}
		if h.State == guard.Maintenance {
			state.style = dim
		}
		open := cell{text: strconv.Itoa(len(h.Open))}
		if len(h.Open) == 0 && h.State == guard.InService {
			open.style = yellow // nothing may show that it reaches the MDS
		}
		pools := orDash(some(h.Pools, 2, out == formatWide))
		if len(h.Pools) == 0 {
			pools = cell{text: "all"}
		}
		t.add(cell{text: h.Name}, state, open, pools, cell{text: some(h.Addrs, 2, out == formatWide)})
	}
	t.print(a.stdout, a.coloured(a.stdout))
	return nil
}
