package cli

import (
	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/zbs"
)

// hostDeployCommand returns zbsctl host deploy.
func hostDeployCommand(env *environment, to *target) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "deploy IP",
		Short: "Install the storage's client on a host",
		Long: `Install the storage's client on a host: an agent logs in there by ssh.

` + passwordHelp,
		Example: `  zbsctl host deploy 10.0.0.5 --password-file /run/secrets/host
  pass show host | zbsctl host deploy 10.0.0.5 --user admin --password-file -`,
		Args: cobra.ExactArgs(1),
	}
	c, h := newChanger(env, to, cmd), hostFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ip := args[0]
		return changeWithPassword(cmd.Context(), c, h, ip, "", func(host zbs.HostAccess) (validator, change) {
			command := zbs.DeployClient{Host: host}
			return command, simpleChange("deploy the client on "+ip, "deployed the client on "+ip, changeDoc{Host: ip}, command, cluster.DeployClient)
		})
	}
	return cmd
}
