package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/zbs"
)

var fakeHelp = `Serve a fake cluster of MDS agents on loopback until interrupted.

The first line on stdout is ZBS_MDS=... with the addresses, the second
ZBS_FAKE_ADMIN=... with the URL of the admin API, which switches faults while
the cluster runs:

  GET    /nodes                  state, faults and counters of every node
  POST   /nodes/0/faults         {"fault":"hang","times":1,"on":["volume/clients"]}
  DELETE /nodes/0/faults         no faults any more
  POST   /nodes/0/restart        also stop, start, sync, unsync
  POST   /nodes/0/upgrade        {"generation":"G10"}
  GET    /ledger                 every request, and whether it was executed
  GET    /harm                   what was changed that the caller did not ask for

A seed file has the same as the flags:

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

func (a *app) fakeCommand() *cobra.Command {
	var o fakeOptions
	serve := &cobra.Command{
		Use:   "serve",
		Short: "Serve a fake cluster on loopback until interrupted",
		Long:  fakeHelp,
		Example: `  zbsctl fake serve --volume zbs://pool/vol=10.0.0.5:9001 --volume zbs://pool/idle
  zbsctl fake serve --nodes 5 --file seed.yaml --admin 127.0.0.1:9000
  zbsctl fake serve --generation G9,G10`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.fakeServe(cmd.Context(), o) },
	}
	f := serve.Flags()
	f.IntVar(&o.nodes, "nodes", 0, "number of MDS (default 3)")
	f.StringSliceVar(&o.generations, "generation", nil,
		"generation of the agents, such as G10: one for each MDS in order, the last for the rest; may be repeated (default G9)")
	f.StringArrayVar(&o.volumes, "volume", nil, "a volume, with the hosts that have it open: PATH[=HOST[:PORT],...]; may be repeated")
	f.StringVar(&o.file, "file", "", "seed file (YAML)")
	f.StringVar(&o.admin, "admin", "127.0.0.1:0", "loopback address of the admin API")
	f.BoolVar(&o.unsynced, "unsynced", false, "start as agents that had no metadata/sync: they list no clients")
	f.BoolVar(&o.keepHeartbeat, "keep-heartbeat-open", false,
		"hosts hold zbs_zstack_heartbeat volumes open, instead of opening them for an instant every 5 s")
	return group("fake", "Serve a fake cluster for tests", serve)
}

type fakeOptions struct {
	nodes       int
	generations []string
	volumes     []string
	file        string
	admin       string
	unsynced    bool

	keepHeartbeat bool
}

// seed is the content of a seed file.
type seed struct {
	Nodes       int      `yaml:"nodes"`
	Generations []string `yaml:"generations"` // by node, the last for the rest
	Pools       []struct {
		Logical  string `yaml:"logical"`
		Physical string `yaml:"physical"`
	} `yaml:"pools"`
	Volumes []seedVolume `yaml:"volumes"`
	Faults  []seedFault  `yaml:"faults"`
}

type seedVolume struct {
	Path    string   `yaml:"path"`
	Clients []string `yaml:"clients"`
}

type seedFault struct {
	Node  int      `yaml:"node"`
	Fault string   `yaml:"fault"`
	Param string   `yaml:"param"` // a delay, an HTTP status or a text, as the fault takes it
	Times int      `yaml:"times"`
	On    []string `yaml:"on"`
}

// seed joins file and flags, and checks it before anything is served.
func (o fakeOptions) seed() (seed, error) {
	var s seed
	if o.file != "" {
		f, err := os.Open(o.file)
		if err != nil {
			return s, &usageError{err}
		}
		defer f.Close()
		if err := decodeYAML(f, o.file, &s); err != nil {
			return s, &usageError{err}
		}
	}
	if o.nodes != 0 {
		s.Nodes = o.nodes
	}
	if s.Nodes == 0 {
		s.Nodes = 3
	}
	if s.Nodes < 1 || s.Nodes > 100 {
		return s, usagef("%d nodes, want 1 to 100", s.Nodes)
	}
	if len(o.generations) > 0 {
		s.Generations = o.generations
	}
	if len(s.Generations) > s.Nodes {
		return s, usagef("%d generations for %d nodes, want one for each at most", len(s.Generations), s.Nodes)
	}
	for _, text := range o.volumes {
		path, clients, _ := strings.Cut(text, "=")
		s.Volumes = append(s.Volumes, seedVolume{Path: path, Clients: splitList([]string{clients})})
	}
	if _, err := s.generations(); err != nil {
		return s, err
	}
	for _, v := range s.Volumes {
		if err := v.check(); err != nil {
			return s, err
		}
	}
	for _, p := range s.Pools {
		if err := errors.Join(zbs.CheckName("logical pool", p.Logical), zbs.CheckName("physical pool", p.Physical)); err != nil {
			return s, &usageError{err}
		}
	}
	return s, nil
}

// generations are those of the nodes, as far as they are named.
func (s seed) generations() ([]fakemds.Generation, error) {
	var all []fakemds.Generation
	for _, text := range s.Generations {
		g, err := fakemds.ParseGeneration(text)
		if err != nil {
			return nil, &usageError{err}
		}
		all = append(all, g)
	}
	return all, nil
}

func (v seedVolume) check() error {
	path, err := zbs.ParsePath(v.Path)
	if err != nil {
		return err
	}
	if path.IsSnapshot() {
		return usagef("seed volume %s is a snapshot", path)
	}
	for _, client := range v.Clients {
		host, port, err := net.SplitHostPort(client)
		if err != nil {
			host, port = client, "1"
		}
		if n, err := strconv.Atoi(port); net.ParseIP(host) == nil || err != nil || n < 1 || n > 65535 {
			return usagef("client %q of %s is no IP or IP:PORT", client, path)
		}
	}
	return nil
}

func (a *app) fakeServe(ctx context.Context, o fakeOptions) error {
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

	fmt.Fprintf(a.stdout, "ZBS_MDS=%s\nZBS_FAKE_ADMIN=http://%s\n", strings.Join(cluster.Addrs(), ","), admin.Addr())
	fmt.Fprintln(a.stderr, "serving until interrupted")
	<-ctx.Done()
	return nil
}

// start starts the cluster that the seed describes.
func (s seed) start(o fakeOptions) (*fakemds.Cluster, error) {
	generations, err := s.generations()
	if err != nil {
		return nil, err
	}
	opts := []fakemds.Option{fakemds.OnLoopback(), fakemds.Generations(generations...)}
	if o.unsynced {
		opts = append(opts, fakemds.Unsynced())
	}
	if o.keepHeartbeat {
		opts = append(opts, fakemds.KeepHeartbeatOpen())
	}
	cluster, err := fakemds.Start(s.Nodes, opts...)
	if err != nil {
		return nil, err
	}
	for _, p := range s.Pools {
		cluster.AddPool(p.Logical, p.Physical)
	}
	for _, v := range s.Volumes {
		cluster.AddVolume(v.Path, v.Clients...)
	}
	for i, f := range s.Faults {
		if err := f.inject(cluster); err != nil {
			cluster.Close()
			return nil, usagef("fault %d of the seed file: %w", i+1, err)
		}
	}
	return cluster, nil
}

func (f seedFault) inject(cluster *fakemds.Cluster) error {
	if f.Node < 0 || f.Node >= len(cluster.Addrs()) {
		return fmt.Errorf("there is no node %d", f.Node)
	}
	fault, err := fakemds.ParseFault(f.Fault, f.Param)
	if err != nil {
		return err
	}
	if f.Times > 0 {
		fault = fault.Times(f.Times)
	}
	if len(f.On) > 0 {
		fault = fault.On(f.On...)
	}
	cluster.Node(f.Node).Inject(fault)
	return nil
}
