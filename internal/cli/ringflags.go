package cli

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/hashring"
)

// ringFlags are the flags that describe a ring.
type ringFlags struct {
	nodes     []string
	placement string
}

// add adds the flags to the command.
func (o *ringFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&o.nodes, "nodes", nil, "nodes of the ring, with commas between")
	cmd.Flags().StringVar(&o.placement, "placement", hashring.Default.String(), "placement: default or zstack")
	cmd.MarkFlagRequired("nodes")
	cmd.RegisterFlagCompletionFunc("placement", cobra.FixedCompletions(
		[]string{hashring.Default.String(), hashring.ZStack.String()}, cobra.ShellCompDirectiveNoFileComp))
}

// ring returns the ring. Bad values are usage errors.
func (o *ringFlags) ring() (*hashring.Ring, error) {
	placement, err := hashring.ParsePlacement(o.placement)
	if err != nil {
		return nil, &usageError{err}
	}
	for i, node := range o.nodes {
		if node == "" || slices.Contains(o.nodes[:i], node) {
			return nil, usagef("node %d of --nodes, %q, is empty or there twice", i+1, node)
		}
	}
	if len(o.nodes) > hashring.MaxNodes {
		return nil, usagef("%d nodes, a ring takes %d", len(o.nodes), hashring.MaxNodes)
	}
	return hashring.New(placement, o.nodes...), nil
}
