// Package agent is the fake agent of an MDS: the endpoints of every generation, over
// the storage that all agents of a cluster share. It knows no connections and no
// faults: it turns the body of a request into the JSON of a result.
//
//	a := agent.New(agent.Config{}, st, agent.G9)
//	ep := agent.Lookup(agent.G9, "volume/query")
//	result := ep.Run(ctx, a, agent.Request{Body: []byte(`{"path":"cbd:pp1/lp1/vol-42"}`)})
package agent

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/zbsclient/zbsclient/fakemds/internal/storage"
)

// MDSPort is where the storage itself listens on an MDS node.
const MDSPort = "6700"

// Config is what does not change while an agent runs.
type Config struct {
	UUID, Version      string // of the cluster
	DashedPorts        bool   // a portRange is "a-b" instead of "a:b"
	Honest             bool   // without the quirks that deceive
	SnapshotDeleteLies bool   // snapshot/delete of a snapshot with a clone answers success
	ExportsUnlisted    bool   // the registry does not list NBD exports
}

// Agent is the agent of one MDS. Safe for concurrent use. The zero Agent is not
// usable: make one with New.
type Agent struct {
	cfg     Config
	storage *storage.Storage

	// mu guards the fields below. It is never held while waiting or while the storage
	// is being locked.
	mu         sync.Mutex
	generation Generation
	synced     bool // had a metadata/sync since its start
	version    any  // that of metadata/sync; nil for none
	oldStorage bool // the storage cannot list clients
	notMDS     bool
	serial     string // of the server that it runs on
	cluster    string // uuid of another cluster; empty: Config.UUID
	clientConf string // the line that a facts wrote; empty: none yet
	exports    map[int]*export
	ip         string   // of the server that it runs on
	mds        []string // addresses of the storage's own servers
}

// New returns an agent that was not synced.
func New(cfg Config, st *storage.Storage, g Generation) *Agent {
	return &Agent{cfg: cfg, storage: st, generation: g, exports: map[int]*export{}}
}

// Locate tells the agent the IP of its server and the addresses of all MDS of the
// cluster, each "HOST:PORT" of the storage's own server there.
func (a *Agent) Locate(ip string, mds []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ip, a.mds = ip, mds
}

// Generation is what the agent is.
func (a *Agent) Generation() Generation {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.generation
}

// SetGeneration makes the agent one of another generation. Requests that are running
// finish as they began.
func (a *Agent) SetGeneration(g Generation) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.generation = g
}

// Sync does to the agent what a successful metadata/sync does.
func (a *Agent) Sync(version any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.synced, a.version = true, version
}

// Unsync makes the agent forget metadata/sync.
func (a *Agent) Unsync() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.synced, a.version = false, nil
}

// SetOldStorage puts the agent before a storage too old to list clients.
func (a *Agent) SetOldStorage(old bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.oldStorage = old
}

// SetNotMDS makes metadata/sync fail as on a host that is no MDS node.
func (a *Agent) SetNotMDS(notMDS bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.notMDS = notMDS
}

// SetSerial sets the serial number of the server. With "" the agent cannot read it.
func (a *Agent) SetSerial(serial string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.serial = serial
}

// SetCluster makes the agent name another cluster's uuid; "" ends that.
func (a *Agent) SetCluster(uuid string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cluster = uuid
}

// Version is the agentVersion of the last metadata/sync, nil for none.
func (a *Agent) Version() any {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.version
}

// ListsClients reports whether metadata/sync found that the storage can list clients.
func (a *Agent) ListsClients() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.synced && !a.oldStorage
}

// clusterID is the uuid that the agent names.
func (a *Agent) clusterID() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return cmp.Or(a.cluster, a.cfg.UUID)
}

// serialNumber is that of the server, "" when the agent cannot read it.
func (a *Agent) serialNumber() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.serial
}

// ClientConf is the line of the server's client.conf that says where the clients of
// the storage find the MDS.
func (a *Agent) ClientConf() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.clientConfLocked()
}

func (a *Agent) clientConfLocked() string {
	return cmp.Or(a.clientConf, listenAddr(strings.Join(a.mds, ",")))
}

func listenAddr(value string) string { return "mds.listen.addr=" + value }

// mdsAddrs are the addresses of the storage's own servers.
func (a *Agent) mdsAddrs() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.mds)
}

// Export is an NBD export, a process of its own that has the volume or snapshot open.
type Export struct {
	Port     int
	Volume   string // LOGICAL/VOLUME
	Snapshot string // empty for the volume itself
}

// export is an Export with what it has open.
type export struct {
	Export
	opened *storage.Clients // nil: it found nothing to open
	client *storage.Client
}

// Exports returns the NBD exports, by port.
func (a *Agent) Exports() []Export {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []Export
	for _, e := range a.exports {
		all = append(all, e.Export)
	}
	slices.SortFunc(all, func(a, b Export) int { return a.Port - b.Port })
	return all
}
