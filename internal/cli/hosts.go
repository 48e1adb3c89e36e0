package cli

import "github.com/spf13/cobra"

// hostsCommand returns zbsctl hosts.
func hostsCommand(env *environment, to *target) *cobra.Command {
	return group("hosts", "Look after the inventory of hosts that the guard goes by",
		hostsListCommand(env, to), hostsCheckCommand(env, to), hostsDiscoverCommand(env, to))
}
