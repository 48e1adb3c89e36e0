package cli

import "github.com/spf13/cobra"

// The commands that only have others below them.

func volumeCommand(env *environment, to *target) *cobra.Command {
	return group("volume", "Look at volumes and change them", volumeQueryCommand(env, to), volumeCreateCommand(env, to), volumeExpandCommand(env, to),
		volumeDeleteCommand(env, to), volumeCloneCommand(env, to), volumeCopyCommand(env, to), volumeFlattenCommand(env, to),
		volumeExportCommand(env, to), volumeUnexportCommand(env, to))
}

func snapshotCommand(env *environment, to *target) *cobra.Command {
	return group("snapshot", "Create, delete and roll back to snapshots",
		snapshotCreateCommand(env, to), snapshotDeleteCommand(env, to), snapshotRollbackCommand(env, to))
}

func mdsCommand(env *environment, to *target) *cobra.Command {
	return group("mds", "Show the state of the MDS", mdsStatusCommand(env, to), mdsTopCommand(env, to), mdsUsageCommand(env, to))
}

func hostsCommand(env *environment, to *target) *cobra.Command {
	return group("hosts", "Show, check and draft the inventory of hosts that the guard uses",
		hostsListCommand(env, to), hostsCheckCommand(env, to), hostsDiscoverCommand(env, to))
}

func hostCommand(env *environment, to *target) *cobra.Command {
	return group("host", "Set up hosts", hostDeployCommand(env, to))
}

func vhostCommand(env *environment, to *target) *cobra.Command {
	return group("vhost", "Set up vhost and its block devices on hosts",
		vhostCheckCommand(env, to), vhostHealthCommand(env, to), vhostDeployCommand(env, to), vhostDestroyCommand(env, to),
		group("bdev", "Make and remove vhost block devices", bdevCreateCommand(env, to), bdevDeleteCommand(env, to), bdevNameCommand(env)))
}

func poolCommand(env *environment, to *target) *cobra.Command {
	return group("pool", "Look at pools", poolListCommand(env, to))
}

func fakeCommand(env *environment) *cobra.Command {
	return group("fake", "Serve a fake cluster for tests", fakeServeCommand(env))
}

// group returns a command that only has others below it.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(commands...)
	return cmd
}
