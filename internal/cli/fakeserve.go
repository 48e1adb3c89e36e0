package cli

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/fakemds"
)

// fakeHelp is the help of zbsctl fake serve.
var fakeHelp = `Serve a fake cluster of MDS agents on loopback until interrupted.

The first line on stdout is ZBS_MDS=... with the addresses, the second
ZBS_FAKE_ADMIN=... with the URL of the admin API, which switches faults while
the cluster runs:

  GET    /nodes                  state, faults and counters of every node
  POST   /nodes/0/faults         {"fault":"hang","times":1,"on":["volume/clients"]}
  DELETE /nodes/0/faults         remove all faults
  POST   /nodes/0/restart        also stop, start, sync, unsync
  POST   /nodes/0/upgrade        {"generation":"G10"}
  GET    /ledger                 every request, and whether it was executed
  GET    /harm                   changes that no caller asked for

A seed file says the same as the flags, and more:

  nodes: 3
  generations: [G9, G10]
  pools:
    - {logical: pool-ssd, physical: pp1}
  volumes:
    - path: zbs://pool-ssd/vol
      clients: ["10.0.0.5:9001"]
  faults:
    - {node: 0, fault: hang, on: [volume/clients]}
    - {node: 1, fault: slow, param: 2s, times: 3}

A node is an agent of one generation, from G1 (5.2.0) to G10 (the newest). The
default is G9.

Faults: ` + strings.Join(fakemds.FaultNames(), ", ")

// fakeServeCommand returns zbsctl fake serve.
func fakeServeCommand(env *environment) *cobra.Command {
	var o fakeOptions
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve a fake cluster on loopback until interrupted",
		Long:  fakeHelp,
		Example: `  zbsctl fake serve --volume zbs://pool/vol=10.0.0.5:9001 --volume zbs://pool/idle
  zbsctl fake serve --nodes 5 --file seed.yaml --admin 127.0.0.1:9000
  zbsctl fake serve --generation G9,G10`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return serveFake(cmd.Context(), env, o) },
	}
	f := cmd.Flags()
	f.IntVar(&o.nodes, "nodes", 0, "number of MDS (default 3)")
	f.StringSliceVar(&o.generations, "generation", nil,
		"generation of the agents, such as G10: one for each MDS in order, the last for the rest; may be repeated (default G9)")
	f.StringArrayVar(&o.volumes, "volume", nil, "a volume, with the hosts that have it open: PATH[=HOST[:PORT],...]; may be repeated")
	f.StringVar(&o.file, "file", "", "seed file (YAML)")
	f.StringVar(&o.admin, "admin", "127.0.0.1:0", "loopback address of the admin API")
	f.BoolVar(&o.unsynced, "unsynced", false, "start as agents that had no metadata/sync: they list no clients")
	f.BoolVar(&o.keepHeartbeat, "keep-heartbeat-open", false,
		"hosts hold zbs_zstack_heartbeat volumes open, instead of opening them for an instant every 5 s")
	return cmd
}

// serveFake serves until ctx ends.
func serveFake(ctx context.Context, env *environment, o fakeOptions) error {
	s, err := o.seed()
	if err != nil {
		return err
	}
	host, _, err := net.SplitHostPort(o.admin)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return usagef("--admin %q is no loopback address such as 127.0.0.1:9000: it has no authentication", o.admin)
	}
	cluster, err := s.start(o)
	if err != nil {
		return err
	}
	defer cluster.Close()
	admin, err := net.Listen("tcp", o.admin)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: cluster.AdminHandler(), ReadHeaderTimeout: 10 * time.Second}
	defer server.Close()
	go server.Serve(admin)

	fmt.Fprintf(env.stdout, "ZBS_MDS=%s\nZBS_FAKE_ADMIN=http://%s\n", strings.Join(cluster.Addrs(), ","), admin.Addr())
	fmt.Fprintln(env.stderr, "serving until interrupted")
	<-ctx.Done()
	return nil
}
