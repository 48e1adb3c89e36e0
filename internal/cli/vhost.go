package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

func (a *app) vhostCommand() *cobra.Command {
	return group("vhost", "Set up vhost and its block devices on hosts",
		a.vhostDeployCommand(), a.vhostDestroyCommand(),
		group("bdev", "Make and remove vhost block devices", a.bdevCreateCommand(), a.bdevDeleteCommand()))
}

func (a *app) vhostDeployCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "deploy IP",
		Short: "Set up vhost on a host",
		Long: `Set up vhost on a host: an agent logs in there by ssh.

` + passwordHelp,
		Example: "  zbsctl vhost deploy 10.0.0.5 --password-file /run/secrets/host",
		Args:    cobra.ExactArgs(1),
	}
	c, h := a.changing(cmd), hostFlags(cmd)
	size := cmd.Flags().Int("hugepage-size", 0, "MiB (default: the agent's)")
	dir := cmd.Flags().String("hugepage-dir", "", "absolute path (default: the agent's)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ip := args[0]
		return onHost(cmd.Context(), c, h, ip, "", func(host zbs.HostAccess) (validator, change) {
			command := zbs.DeployVhost{Host: host, HugepageSize: *size, HugepageDir: *dir}
			return command, simple("deploy vhost on "+ip, "deployed vhost on "+ip, changeDoc{Host: ip}, command, cluster.DeployVhost)
		})
	}
	return cmd
}

func (a *app) vhostDestroyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "destroy IP",
		Short: "Take vhost off a host",
		Long: `Take vhost off a host: whoever uses a block device of it there loses it.

` + passwordHelp,
		Example: "  zbsctl vhost destroy 10.0.0.5 --password-file /run/secrets/host",
		Args:    cobra.ExactArgs(1),
	}
	c, h := a.destroying(cmd), hostFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ip := args[0]
		const warning = "takes vhost, and every block device in use there, off the host"
		return onHost(cmd.Context(), c, h, ip, warning, func(host zbs.HostAccess) (validator, change) {
			command := zbs.DestroyVhost{Host: host}
			return command, simple("destroy vhost on "+ip, "destroyed vhost on "+ip, changeDoc{Host: ip}, command, cluster.DestroyVhost)
		})
	}
	return cmd
}

func (a *app) bdevCreateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "create IP BDEV PATH",
		Short: "Make a volume a vhost block device on a host",
		Long: `Make a volume a vhost block device on a host, which then has it open. The path of
its socket on the host is printed.

` + passwordHelp,
		Example: "  zbsctl vhost bdev create 10.0.0.5 disk0 zbs://pool/volume --password-file /run/secrets/host",
		Args:    cobra.ExactArgs(3),
	}
	c, h := a.changing(cmd), hostFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ip, bdev := args[0], args[1]
		path, err := parseVolume(args[2])
		if err != nil {
			return err
		}
		return onHost(cmd.Context(), c, h, ip, "", func(host zbs.HostAccess) (validator, change) {
			command := zbs.CreateBdev{Host: host, LogicalPool: path.Pool, Volume: path.Volume, Bdev: bdev}
			return command, change{
				title: fmt.Sprintf("create bdev %s on %s", bdev, ip),
				doc:   changeDoc{Path: path.String(), Host: ip, Bdev: bdev},
				make: func(ctx context.Context, cl cluster, doc *changeDoc, opts []mds.CallOption) (string, error) {
					made, err := cl.CreateBdev(ctx, command, opts...)
					doc.SocketPath = made.SocketPath
					return made.SocketPath, err
				},
			}
		})
	}
	return cmd
}

func (a *app) bdevDeleteCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "delete IP BDEV",
		Short: "Remove a vhost block device from a host",
		Long: `Remove a vhost block device from a host: whoever uses it there loses it. The
volume behind it stays. A device that does not exist is a success.

` + passwordHelp,
		Example: "  zbsctl vhost bdev delete 10.0.0.5 disk0 --password-file /run/secrets/host",
		Args:    cobra.ExactArgs(2),
	}
	c, h := a.destroying(cmd), hostFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ip, bdev := args[0], args[1]
		warning := fmt.Sprintf("takes the block device %s from whoever uses it on the host", bdev)
		return onHost(cmd.Context(), c, h, ip, warning, func(host zbs.HostAccess) (validator, change) {
			command := zbs.DeleteBdev{Host: host, Bdev: bdev}
			return command, simple(fmt.Sprintf("delete bdev %s on %s", bdev, ip), fmt.Sprintf("deleted bdev %s on %s", bdev, ip),
				changeDoc{Host: ip, Bdev: bdev}, command, cluster.DeleteBdev)
		})
	}
	return cmd
}
