package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// schemeFlag adds --scheme, how ZStack names block devices.
func schemeFlag(cmd *cobra.Command) *zbs.BdevScheme {
	var scheme zbs.BdevScheme
	cmd.Flags().TextVar(&scheme, "scheme", zbs.BdevByUUID, "how ZStack names the device: uuid (its newest) or hash (before)")
	cmd.RegisterFlagCompletionFunc("scheme", cobra.FixedCompletions([]string{"uuid", "hash"}, cobra.ShellCompDirectiveNoFileComp))
	return &scheme
}

// bdevCreateCommand returns zbsctl vhost bdev create.
func bdevCreateCommand(env *environment, to *target) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "create IP PATH",
		Short: "Make a volume a vhost block device on a host",
		Long: `Make a volume a vhost block device on a host, which then has it open. zbsctl prints
the path of its socket on the host. The newest ZStack's name for the device is the
default. --scheme selects the name that older ones use, --name any other; ZStack does
not find a device with another name.

` + optionalPasswordHelp,
		Example: `  zbsctl vhost bdev create 10.0.0.5 zbs://pool/volume_0123456789abcdef0123456789abcdef
  zbsctl vhost bdev create 10.0.0.5 zbs://pool/volume --name disk0 --password-file /run/secrets/host`,
		Args: ipAndPath,
	}
	c, h, scheme := newChanger(env, to, cmd), hostFlags(cmd), schemeFlag(cmd)
	name := cmd.Flags().String("name", "", "name of the device (default: ZStack's)")
	cmd.MarkFlagsMutuallyExclusive("name", "scheme")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ip := args[0]
		path, err := parseVolume(args[1])
		if err != nil {
			return err
		}
		bdev := *name
		if !cmd.Flags().Changed("name") {
			if bdev, err = zbs.BdevName(path, *scheme); err != nil {
				return err
			}
		}
		return changeByAddress(cmd.Context(), c, h, ip, "", func(host zbs.HostAccess) (validator, change) {
			return bdevCreation(host, path, bdev)
		})
	}
	return cmd
}

// ipAndPath requires these two arguments. Three are those of an older zbsctl, in which
// the name was no flag: the error says so.
func ipAndPath(cmd *cobra.Command, args []string) error {
	if len(args) == 3 {
		return usagef("the name of the device is a flag: zbsctl vhost bdev create %s %s --name %s", args[0], args[2], args[1])
	}
	return cobra.ExactArgs(2)(cmd, args)
}

// bdevCreation returns the change that creates a block device.
func bdevCreation(host zbs.HostAccess, path zbs.Path, bdev string) (validator, change) {
	command := zbs.CreateBdev{Host: host, LogicalPool: path.Pool, Volume: path.Volume, Bdev: bdev}
	return command, change{
		title: fmt.Sprintf("create bdev %s on %s", bdev, host.IP),
		doc:   changeDoc{Path: path.String(), Host: host.IP, Bdev: bdev},
		make: func(ctx context.Context, cl cluster, doc *changeDoc, opts []mds.CallOption) (string, error) {
			made, err := cl.CreateBdev(ctx, command, opts...)
			doc.SocketPath = made.SocketPath
			return made.SocketPath, err
		},
	}
}

// bdevDeleteCommand returns zbsctl vhost bdev delete.
func bdevDeleteCommand(env *environment, to *target) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "delete IP BDEV",
		Short: "Remove a vhost block device from a host",
		Long: `Remove a vhost block device from a host: whatever uses it there loses it. The
volume behind it stays. A device that does not exist is a success. zbsctl vhost bdev
name shows ZStack's name for the device of a volume.

` + optionalPasswordHelp,
		Example: "  zbsctl vhost bdev delete 10.0.0.5 disk0",
		Args:    cobra.ExactArgs(2),
	}
	c, h := newDestroyer(env, to, cmd), hostFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ip, bdev := args[0], args[1]
		warning := fmt.Sprintf("takes the block device %s from whatever uses it on the host", bdev)
		return changeByAddress(cmd.Context(), c, h, ip, warning, func(host zbs.HostAccess) (validator, change) {
			command := zbs.DeleteBdev{Host: host, Bdev: bdev}
			return command, simpleChange(fmt.Sprintf("delete bdev %s on %s", bdev, ip), fmt.Sprintf("deleted bdev %s on %s", bdev, ip),
				changeDoc{Host: ip, Bdev: bdev}, command, cluster.DeleteBdev)
		})
	}
	return cmd
}

// bdevNameCommand returns zbsctl vhost bdev name.
func bdevNameCommand(env *environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "name PATH",
		Short: "Show how ZStack names the vhost block device of a volume",
		Long: `Show ZStack's name for the vhost block device of a volume, and its socket on the host.
No MDS is asked. If the volume's name is not volume_UUID, both schemes name the device
by the hash: this is inferred, and was not seen.`,
		Example: `  zbsctl vhost bdev name zbs://pool/volume_0123456789abcdef0123456789abcdef
  zbsctl vhost bdev name zbs://pool/volume_0123456789abcdef0123456789abcdef --scheme hash -o json | jq -r .bdev`,
		Args: cobra.ExactArgs(1),
	}
	out, scheme := outputFlag(cmd), schemeFlag(cmd)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		path, err := parseVolume(args[0])
		if err != nil {
			return err
		}
		name, err := zbs.BdevName(path, *scheme)
		if err != nil {
			return err
		}
		doc := bdevNameDoc{path.String(), scheme.String(), name, zbs.BdevSocket(name)}
		t := &term.Table{Header: []string{"BDEV", "SOCKET"}}
		t.Add(term.Text(doc.Bdev), term.Text(doc.SocketPath))
		return env.show(*out, doc, t)
	}
	return cmd
}

// bdevNameDoc is the JSON and YAML of zbsctl vhost bdev name. It is a contract: see
// docs/json-output.md.
type bdevNameDoc struct {
	Path       string `json:"path"`
	Scheme     string `json:"scheme"`
	Bdev       string `json:"bdev"`
	SocketPath string `json:"socketPath"`
}
