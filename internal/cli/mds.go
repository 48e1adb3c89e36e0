package cli

import "github.com/spf13/cobra"

// mdsCommand returns zbsctl mds.
func mdsCommand(env *environment, to *target) *cobra.Command {
	return group("mds", "Look at the MDS themselves", mdsStatusCommand(env, to), mdsTopCommand(env, to), mdsUsageCommand(env, to))
}
