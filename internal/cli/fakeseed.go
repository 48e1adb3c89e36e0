package cli

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/zbs"
)

// fakeOptions are the flags of zbsctl fake serve.
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
	Generations []string `yaml:"generations"` // of the first nodes; the rest has the last one
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

// seed joins file and flags, and checks them.
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

// generations returns those of the first nodes. The rest has the last one.
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
