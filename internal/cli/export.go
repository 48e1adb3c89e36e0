package cli

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/zbs"
)

// volumeExportCommand returns zbsctl volume export.
func volumeExportCommand(env *environment, to *target) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export PATH",
		Short: "Export a volume or snapshot over NBD",
		Long: `Export a volume or snapshot over NBD, from the MDS node that answers first, and
print the URL to connect to. The export runs until it is ended with
zbsctl volume unexport.

An export opens the volume on the MDS node. Every host that reaches the port can write
to it without a password, so zbsctl first checks that no host has the volume open. It
was never seen that the storage lists the MDS node as a client of an export: zbsctl
guard may call an exported volume free.

A snapshot needs no check, because its data does not change. zbsctl cannot tell whether
it exists: agents export an empty device if it does not.`,
		Example: `  zbsctl volume export zbs://pool/volume --wait 5m
  qemu-img convert -O qcow2 "$(zbsctl volume export zbs://pool/volume@0123456789abcdef0123456789abcdef)" disk.qcow2`,
		Args: cobra.ExactArgs(1),
	}
	c, anyName := newChanger(env, to, cmd), anyNameFlag(cmd)
	release := c.releaseFlags(cmd)
	ports := portRange{First: 10600, Last: 10800}
	cmd.Flags().Var(&ports, "ports", "range of ports; the agent takes one of them")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		path, err := zbs.ParsePath(args[0])
		if err != nil {
			return err
		}
		req := volume.ExportRequest{Path: path, Ports: zbs.PortRange(ports), Release: *release}
		return c.run(cmd.Context(), []change{{
			title: "export " + path.String(), doc: changeDoc{Path: path.String()},
			make: func(ctx context.Context, cl cluster, doc *changeDoc, opts []mds.CallOption) (string, error) {
				made, err := cl.ExportNBD(ctx, req, opts...)
				if err != nil {
					return "", err
				}
				doc.MDS, doc.Port = made.MDS.String(), made.Port
				doc.URL = "nbd://" + net.JoinHostPort(made.MDS.Host, strconv.Itoa(made.Port))
				return doc.URL, nil
			},
		}}, anyName.options()...)
	}
	return cmd
}

// volumeUnexportCommand returns zbsctl volume unexport.
func volumeUnexportCommand(env *environment, to *target) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "unexport MDS PORT | nbd://HOST:PORT",
		Short: "End an NBD export",
		Long: `End an NBD export on the MDS that exports. No other MDS is asked. A port that exports
nothing is a success.`,
		Example: `  zbsctl volume unexport nbd://mds-a:10600
  zbsctl volume unexport mds-a 10600`,
		Args: cobra.RangeArgs(1, 2),
	}
	c := newChanger(env, to, cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		e, err := parseExport(args)
		if err != nil {
			return err
		}
		return c.run(cmd.Context(), []change{{
			title: "end the export " + strings.Join(args, " "), doc: changeDoc{Port: e.port},
			make: func(ctx context.Context, cl cluster, doc *changeDoc, opts []mds.CallOption) (string, error) {
				addr, err := e.mds(cl.Addrs())
				if err != nil {
					return "", err
				}
				doc.MDS = addr.String()
				return fmt.Sprintf("port %d of %s exports nothing", e.port, addr), cl.UnexportNBD(ctx, addr, e.port, opts...)
			},
		}})
	}
	return cmd
}
