package cli

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
	"github.com/zbsclient/zbsclient/volume/guard"
)

// hostsListCommand returns zbsctl hosts list.
func hostsListCommand(env *environment, to *target) *cobra.Command {
	g := &guardFlags{}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Show the inventory",
		Long: `Show the inventory of hosts that zbsctl guard uses: from --hosts-file, or from
the context (zbsctl help config). No MDS is asked.`,
		Example: `  zbsctl hosts list --hosts-file hosts.yaml
  zbsctl hosts list -o json | jq -r '.hosts[] | select(.open == null) | .name'`,
		Args: cobra.NoArgs,
	}
	out := outputFlag(cmd)
	g.inventoryFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		s, err := to.readSettings()
		if err != nil {
			return err
		}
		inventory, err := openInventory(cmd.Context(), to, g, s.guard)
		if err != nil {
			return err
		}
		defer inventory.Close()
		hosts := inventory.Hosts()
		if !out.machine() {
			fmt.Fprintf(env.stdout, "%d hosts of %s\n\n", len(hosts), inventory.From)
		}
		return env.show(*out, inventoryDoc{inventory.From, hosts}, inventoryTable(hosts, *out == formatWide))
	}
	return cmd
}

// inventoryDoc is the JSON and YAML of zbsctl hosts list. It is a contract: see
// docs/json-output.md. --hosts-file reads its hosts.
type inventoryDoc struct {
	From  string       `json:"from"`
	Hosts []guard.Host `json:"hosts"`
}

func inventoryTable(hosts []guard.Host, wide bool) *term.Table {
	t := &term.Table{Header: []string{"HOST", "STATE", "OPEN", "POOLS", "ADDRESSES"}}
	for _, h := range hosts {
		state := term.Text(h.State.String())
		if h.State == guard.Maintenance {
			state.Style = term.Dim
		}
		open := term.Text(strconv.Itoa(len(h.Open)))
		if len(h.Open) == 0 && h.State == guard.InService {
			open.Style = term.Yellow // nothing may show that it reaches the MDS
		}
		pools := term.OrDash(term.Some(h.Pools, 2, wide))
		if len(h.Pools) == 0 {
			pools = term.Text("all")
		}
		t.Add(term.Text(h.Name), state, open, pools, term.Text(term.Some(h.Addrs, 2, wide)))
	}
	return t
}
