package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
)

// routeCommand returns zbsctl route.
func routeCommand(env *environment) *cobra.Command {
	var ring ringFlags
	var owners int
	cmd := &cobra.Command{
		Use:   "route KEY...",
		Short: "Show which node owns a key, and which nodes come next",
		Long: `Show which node owns each key, and the order of the others.

The default placement is the one that orders the MDS of a call, by the volume's
install path. The zstack placement is that of ZStack's management nodes.`,
		Example: `  zbsctl route zbs://pool/volume --nodes mds-a:7763,mds-b:7763,mds-c:7763
  zbsctl route 4f1b6c0e9d3a --nodes mn-1,mn-2 --placement zstack --owners 1`,
		Args: cobra.MinimumNArgs(1),
	}
	ring.add(cmd)
	cmd.Flags().IntVar(&owners, "owners", 0, "how many nodes to show per key (default: all)")
	out := outputFlag(cmd)
	cmd.RunE = func(_ *cobra.Command, keys []string) error { return showRoutes(env, keys, ring, owners, *out) }
	cmd.AddCommand(balanceCommand(env))
	return cmd
}

// routeDoc is the JSON and YAML of zbsctl route. It is a contract: see
// docs/json-output.md.
type routeDoc struct {
	Placement string      `json:"placement"`
	Routes    []keyOwners `json:"routes"`
}

type keyOwners struct {
	Key    string   `json:"key"`
	Owners []string `json:"owners"`
}

func showRoutes(env *environment, keys []string, o ringFlags, owners int, out format) error {
	ring, err := o.ring()
	if err != nil {
		return err
	}
	if owners < 0 {
		return usagef("--owners %d, want 1 or more", owners)
	}
	if owners == 0 {
		owners = ring.Len()
	}
	doc := routeDoc{Placement: ring.Placement().String()}
	for _, key := range keys {
		doc.Routes = append(doc.Routes, keyOwners{key, ring.Owners(key, owners)})
	}
	t := term.Table{Header: []string{"KEY", "OWNER", "THEN"}}
	for _, r := range doc.Routes {
		t.Add(term.Text(r.Key), term.Cyan.Cell(r.Owners[0]), term.Text(strings.Join(r.Owners[1:], ", ")))
	}
	return env.show(out, doc, &t)
}
