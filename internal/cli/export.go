package cli

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/zbs"
)

func (a *app) volumeExportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export PATH",
		Short: "Export a volume or snapshot over NBD",
		Long: `Export a volume or snapshot over NBD, from the MDS node that answers first, and
print the URL to connect to. The export runs until it is ended with
zbsctl volume unexport.

An export of a volume opens it on the MDS node, where everyone who reaches the port
can write to it without a password. So it is made sure first that no host has the
volume open. Whether the storage lists the MDS node as one that has it open was
never seen: zbsctl guard may call an exported volume free.

A snapshot needs no check, its data does not change. Nothing tells whether it
exists: agents export an empty one for one that does not.`,
		Example: `  zbsctl volume export zbs://pool/volume --wait 5m
  qemu-img convert -O qcow2 "$(zbsctl volume export zbs://pool/volume@0123456789abcdef0123456789abcdef)" disk.qcow2`,
		Args: cobra.ExactArgs(1),
	}
	c, any, release := a.changing(cmd), anyNameFlag(cmd), a.releaseFlags(cmd)
	ports := portRange{First: 10600, Last: 10800}
	cmd.Flags().Var(&ports, "ports", "ports of which one is taken")
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
		}}, any.options()...)
	}
	return cmd
}

func (a *app) volumeUnexportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "unexport MDS PORT | nbd://HOST:PORT",
		Short: "End an NBD export",
		Long: `End an NBD export on the MDS that exports: no other is asked. A port that exports
nothing is a success.`,
		Example: `  zbsctl volume unexport nbd://mds-a:10600
  zbsctl volume unexport mds-a 10600`,
		Args: cobra.RangeArgs(1, 2),
	}
	c := a.changing(cmd)
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

// export names an export: by the MDS that exports, or by its host as in the URL.
type export struct {
	addr zbs.Addr
	host string // instead of addr
	port int
}

// parseExport reads MDS PORT, or nbd://HOST:PORT.
func parseExport(args []string) (e export, err error) {
	port := ""
	if len(args) == 2 {
		if e.addr, err = zbs.ParseAddr(args[0]); err != nil {
			return e, err
		}
		port = args[1]
	} else {
		u, err := url.Parse(args[0])
		if err != nil || u.Scheme != "nbd" || u.Hostname() == "" {
			return e, usagef("want MDS PORT, or nbd://HOST:PORT as export printed it")
		}
		e.host, port = u.Hostname(), u.Port()
	}
	if e.port, err = strconv.Atoi(port); err != nil {
		return e, usagef("port %q is no number", port)
	}
	return e, nil
}

// mds returns the MDS that exports; a host names it when one of the list is there.
func (e export) mds(list []zbs.Addr) (zbs.Addr, error) {
	if e.host == "" {
		return e.addr, nil
	}
	elsewhere := func(addr zbs.Addr) bool { return addr.Host != e.host }
	there := slices.DeleteFunc(slices.Clone(list), elsewhere)
	if len(there) != 1 {
		return zbs.Addr{}, usagef("%d MDS of the list are on %s: name the one that exports as MDS PORT", len(there), e.host)
	}
	return there[0], nil
}

// portRange is a zbs.PortRange as a flag.
type portRange zbs.PortRange

// String, Set and Type make portRange a flag.
func (r *portRange) String() string { return fmt.Sprintf("%d-%d", r.First, r.Last) }
func (*portRange) Type() string     { return "FIRST-LAST" }
func (r *portRange) Set(text string) error {
	first, last, _ := strings.Cut(text, "-")
	from, err := strconv.ParseUint(first, 10, 16)
	to, err2 := strconv.ParseUint(last, 10, 16)
	if err != nil || err2 != nil || from == 0 || from > to {
		return usagef("want FIRST-LAST of 1..65535 such as 10600-10800")
	}
	r.First, r.Last = int(from), int(to)
	return nil
}
