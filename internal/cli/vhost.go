package cli

import (
	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/zbs"
)

// vhostDeployCommand returns zbsctl vhost deploy.
func vhostDeployCommand(env *environment, to *target) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "deploy IP",
		Short: "Set up vhost on a host",
		Long: `Set up vhost on a host: an agent logs in there by ssh. Agents since generation G10
do not: there vhost comes with ZStone, and zbsctl vhost check tells whether it is ready.

` + passwordHelp,
		Example: "  zbsctl vhost deploy 10.0.0.5 --password-file /run/secrets/host",
		Args:    cobra.ExactArgs(1),
	}
	c, h := newChanger(env, to, cmd), hostFlags(cmd)
	size := cmd.Flags().Int("hugepage-size", 0, "MiB (default: the agent's)")
	dir := cmd.Flags().String("hugepage-dir", "", "absolute path (default: the agent's)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ip := args[0]
		return changeWithPassword(cmd.Context(), c, h, ip, "", func(host zbs.HostAccess) (validator, change) {
			command := zbs.DeployVhost{Host: host, HugepageSize: *size, HugepageDir: *dir}
			return command, simpleChange("deploy vhost on "+ip, "deployed vhost on "+ip, changeDoc{Host: ip}, command, cluster.DeployVhost)
		})
	}
	return cmd
}

// vhostDestroyCommand returns zbsctl vhost destroy.
func vhostDestroyCommand(env *environment, to *target) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "destroy IP",
		Short: "Take vhost off a host",
		Long: `Take vhost off a host: whatever uses a block device of it there loses it. Agents
since generation G10 do not do this.

` + optionalPasswordHelp,
		Example: "  zbsctl vhost destroy 10.0.0.5 --password-file /run/secrets/host",
		Args:    cobra.ExactArgs(1),
	}
	c, h := newDestroyer(env, to, cmd), hostFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ip := args[0]
		const warning = "takes vhost, and every block device in use there, off the host"
		return changeByAddress(cmd.Context(), c, h, ip, warning, func(host zbs.HostAccess) (validator, change) {
			command := zbs.DestroyVhost{Host: host}
			return command, simpleChange("destroy vhost on "+ip, "destroyed vhost on "+ip, changeDoc{Host: ip}, command, cluster.DestroyVhost)
		})
	}
	return cmd
}
