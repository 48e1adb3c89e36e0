package fakemds

import (
	"fmt"

	"github.com/zbsclient/zbsclient/fakemds/internal/agent"
	"github.com/zbsclient/zbsclient/fakemds/internal/storage"
)

// config is what the options of a cluster set.
type config struct {
	loopback bool
	addrs    []string // of the nodes on loopback
	unsynced bool
	threads  int // of each node; 0: no limit
	backlog  int // of each node; 0: no limit
	root     string

	generations []Generation // by node
	agent       agent.Config
	storage     storage.Options
}

// addr is where node i listens; the port may be 0.
func (c config) addr(i int) string {
	switch {
	case !c.loopback:
		return fmt.Sprintf("mds-%d.fake:7763", i)
	case i < len(c.addrs):
		return c.addrs[i]
	}
	return "127.0.0.1:0"
}

// Option changes what NewCluster and Start make.
type Option func(*config)

// OnLoopback puts the nodes on real sockets of 127.0.0.1, on free ports. Not for
// use inside a synctest bubble. The default is a network in memory.
func OnLoopback() Option { return func(c *config) { c.loopback = true } }

// OnAddrs puts node i on the real address addrs[i], for a program that wants
// fixed ports. Nodes without an address take a free port of 127.0.0.1.
func OnAddrs(addrs ...string) Option {
	return func(c *config) { c.loopback, c.addrs = true, addrs }
}

// Unsynced starts agents that got no metadata/sync: they list no clients, and ping
// answers no agentVersion. The default is agents that were synced with agentVersion
// "5.5.0".
func Unsynced() Option { return func(c *config) { c.unsynced = true } }

// ClusterID sets what facts answers and what ping compares. The default is
// 11111111-2222-3333-4444-555555555555 and version 1.6.2.
func ClusterID(uuid, version string) Option {
	return func(c *config) { c.agent.UUID, c.agent.Version = uuid, version }
}

// WithAgentLimits gives each node the limits of the real agent, 10 threads and a
// backlog of 5. A connection holds a thread until it has sent its request and got
// its answer, at most 15 s while it is silent. The others wait for a free thread. A
// connect waits 1 s when more than backlog others arrive in the same instant (only in
// memory; on loopback the kernel has its own backlog). The default is no limit.
func WithAgentLimits(threads, backlog int) Option {
	return func(c *config) { c.threads, c.backlog = threads, backlog }
}

// DashedPorts makes cbdtonbd take a portRange "a-b" instead of "a:b", as some
// versions of the agent do.
func DashedPorts() Option { return func(c *config) { c.agent.DashedPorts = true } }

// Honest makes agents without the quirks that a plugin has to live with. They compare
// names of pools and snapshots whole. A delete fails if the agent cannot look the
// volume up, if the snapshot does not exist, and at once if the volume is in use. The
// default is the quirks of the real agent.
func Honest() Option { return func(c *config) { c.agent.Honest = true } }

// SnapshotDeleteLies makes snapshot/delete of a snapshot that has a clone answer
// success, and keep the snapshot, as agents do whose storage does not name the
// clones. Honest wins over it. The default is an error that ends in "still in used".
func SnapshotDeleteLies() Option { return func(c *config) { c.agent.SnapshotDeleteLies = true } }

// KeepHeartbeatOpen makes hosts hold the volumes zbs_zstack_heartbeat open, so
// that lists show them steadily. The default is hosts that open such a volume for
// an instant every 5 s.
func KeepHeartbeatOpen() Option { return func(c *config) { c.storage.KeepHeartbeatOpen = true } }

// ExportsUnlisted keeps the nodes that export a volume over NBD out of all lists of
// clients, although they have it open. The default is to list them like any host.
func ExportsUnlisted() Option { return func(c *config) { c.agent.ExportsUnlisted = true } }

// WithRoot serves everything under a deployment prefix such as "/agent".
func WithRoot(prefix string) Option { return func(c *config) { c.root = prefix } }

// Generations starts node i as an agent of the i-th generation. The nodes that are
// left start as agents of the last one. Start refuses more generations than nodes.
// The default is G9 for all.
func Generations(g ...Generation) Option { return func(c *config) { c.generations = g } }

// checkGenerations reports what is wrong with Generations for a cluster of n nodes.
func (c config) checkGenerations(n int) error {
	if len(c.generations) > n {
		return fmt.Errorf("fakemds: %d generations for %d nodes: give one for each node at most", len(c.generations), n)
	}
	for _, g := range c.generations {
		if err := g.check(); err != nil {
			return err
		}
	}
	return nil
}
