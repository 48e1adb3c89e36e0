package fakemds

import (
	"strings"

	"github.com/zbsclient/zbsclient/fakemds/internal/python"
)

const prefix = "/zbs/primarystorage/"

// handler executes a request and returns what stands in the answer behind success
// and error; nil means an empty body.
type handler func(x *exchange) (python.Object, error)

// endpoint is one path of an agent.
type endpoint struct {
	name   string
	sync   bool
	run    handler
	byName bool // a volume is logicalPoolName and lunName, not a path
	secret bool // needs the password of a host
}

func async(name string, run handler) endpoint { return endpoint{name: name, run: run} }

func (e endpoint) byNames() endpoint { e.byName = true; return e }

func (e endpoint) needsPassword() endpoint { e.secret = true; return e }

// step makes the paths of one generation out of those of another.
type step struct {
	gen  Generation
	from Generation // 0: none
	drop []string
	add  []endpoint // also replaces
}

// steps are the paths of all generations, each by its difference.
var steps = []step{
	{gen: G1, add: []endpoint{
		{name: "echo", sync: true, run: runEcho},
		async("facts", runFactsWrite),
		async("ping", runPingAddr("mdsAddr")),
		async("capacity", runFirstCapacity),
		async("copy", runCopy).byNames(),
		async("volume/create", runCreate).byNames(),
		async("volume/delete", runDelete).byNames(),
		async("volume/query", runQuery).byNames(),
		async("volume/clone", runClone).byNames(),
		async("volume/expand", runExpand).byNames(),
		async("volume/cbdtonbd", runExportFixed),
		async("volume/cleannbd", runUnexport),
		async("snapshot/create", runSnapshotCreate).byNames(),
		async("snapshot/delete", runSnapshotDelete).byNames(),
		async("snapshot/rollback", runRollback).byNames(),
	}},
	{gen: G2, from: G1, add: []endpoint{
		async("facts", runFactsAddr),
		async("ping", runPingExternal),
		async("client/deploy", runClientDeploy("clientPassword")).needsPassword(),
	}},
	{gen: G3, from: G2, drop: []string{"facts"}, add: []endpoint{async("ping", runPingLeader)}},
	{gen: G4, from: G3, add: []endpoint{async("capacity", runCapacityOf("logicalPoolName"))}},
	{gen: G5, from: G4, add: []endpoint{async("volume/cbdtonbd", runExportOld)}},
	{gen: G6, from: G5, add: []endpoint{async("volume/query/batch", runBatch)}},
	{gen: G6z, from: G5, add: []endpoint{async("volume/flatten", runFlatten), async("volume/query", runQuery)}},
	{gen: G7, add: []endpoint{
		{name: "echo", sync: true, run: runEcho},
		async("facts", runFacts),
		async("ping", runPing),
		async("metadata/sync", runMetadataSync),
		async("capacity", runCapacity),
		async("copy", runCopy),
		async("client/deploy", runClientDeploy("password")).needsPassword(),
		async("volume/create", runCreate),
		async("volume/delete", runDelete),
		async("volume/query", runQuery),
		async("volume/query/batch", runBatch),
		async("volume/clone", runClone),
		async("volume/expand", runExpand),
		async("volume/flatten", runFlatten),
		async("volume/cbdtonbd", runExport),
		async("volume/cleannbd", runUnexport),
		{name: "volume/clients", sync: true, run: runClients},
		async("snapshot/create", runSnapshotCreate),
		async("snapshot/delete", runSnapshotDelete),
		async("snapshot/rollback", runRollback),
	}},
	{gen: G7e, from: G7, add: []endpoint{
		async("capacity", runCapacityOf("logicalPool")),
		async("volume/query/batch", runBrokenBatch),
		async("snapshot/query", runSnapshotQuery),
	}},
	{gen: G8, from: G7, add: []endpoint{
		async("vhost/deploy", withSSH(runVhostDeploy)).needsPassword(),
		async("vhost/destroy", withSSH(runVhostDestroy)).needsPassword(),
		async("vhost/bdev/create", withSSH(runBdevCreate)).needsPassword(),
		async("vhost/bdev/delete", withSSH(runBdevDelete)).needsPassword(),
	}},
	{gen: G9, from: G8, add: []endpoint{
		async("resource/usage", runUsage),
		async("vhost/destroy", runVhostDestroy),
		async("vhost/bdev/create", runBdevCreate),
		async("vhost/bdev/delete", runBdevDelete),
	}},
	// Whether a real one has resource/usage or snapshot/query is unknown. Here it
	// has the first, as G9, and not the second.
	{gen: G10, from: G9, drop: []string{"vhost/deploy", "vhost/destroy"}, add: []endpoint{
		async("vhost/check", runVhostCheck),
		async("vhost/target/health", runVhostHealth), // async as the rest; its text was not seen
	}},
}

// endpoints are the paths of each generation, by name.
var endpoints = func() map[Generation]map[string]*endpoint {
	all := map[Generation]map[string]*endpoint{}
	for _, s := range steps {
		made := map[string]*endpoint{}
		for name, e := range all[s.from] {
			made[name] = e
		}
		for _, name := range s.drop {
			delete(made, name)
		}
		for i := range s.add {
			made[s.add[i].name] = &s.add[i]
		}
		all[s.gen] = made
	}
	return all
}()

// isEndpoint tells whether any generation has the endpoint.
func isEndpoint(name string) bool {
	for _, table := range endpoints {
		if table[name] != nil {
			return true
		}
	}
	return false
}

// endpointName is the name of a path, or the path itself where it is no agent's.
// A trailing slash is fine.
func endpointName(path string) string {
	return strings.TrimPrefix(strings.TrimSuffix(path, "/"), prefix)
}

// lookup finds the endpoint of a path, nil when the generation has none.
func lookup(path string, g Generation) *endpoint {
	if !strings.HasPrefix(path, prefix) {
		return nil
	}
	return endpoints[g][endpointName(path)]
}

// command decodes the body of the request.
func (x *exchange) command() (*command, error) {
	v, err := python.Decode(x.body)
	if err != nil {
		return nil, err
	}
	return &command{v: v, old: x.ep.byName}, nil
}

// target decodes the body and takes its path apart. The older generations have no
// path but names, of which the missing ones become "None".
func (x *exchange) target() (*command, target, error) {
	if !x.ep.byName {
		return x.pathTarget("path")
	}
	cmd, err := x.command()
	if err != nil {
		return nil, target{}, err
	}
	t := target{logical: cmd.str("logicalPool"), volume: cmd.str("volume"), snapshot: cmd.get("snapshot")}
	t.text = t.file()
	x.shell(t.logical, t.volume, t.snapshot)
	return cmd, t, cmd.err
}

// pathTarget decodes the body and takes the path in the field apart.
func (x *exchange) pathTarget(field string) (*command, target, error) {
	cmd, err := x.command()
	if err != nil {
		return nil, target{}, err
	}
	path := cmd.get(field)
	if cmd.err != nil {
		return nil, target{}, cmd.err
	}
	t, err := parseTarget(path)
	if err == nil {
		x.shell(t.logical, t.volume, t.snapshot)
	}
	return cmd, t, err
}

// installLocked fills in the physical pool that an install path of the answer
// needs and that names lack.
func (x *exchange) installLocked(cmd *command, t *target) error {
	if !x.ep.byName {
		return nil
	}
	var err error
	t.physical, err = x.node.cluster.st.physicalLocked(cmd.get("logicalPool"))
	return err
}

// fileLocked looks a volume up in the storage, unless that is to fail.
func (x *exchange) fileLocked(call string, t target) (*volume, error) {
	if f, ok := x.faults[storageError]; ok {
		return nil, python.Error(f.text)
	}
	return x.node.cluster.st.fileLocked(call, t.logical, t.volume)
}

// command reads the fields of a request; the first error sticks.
type command struct {
	v   any
	old bool // fields have their old names
	err error
}

var oldNames = map[string]string{
	"logicalPool": "logicalPoolName", "volume": "lunName", "snapshot": "snapshotName", "dstVolume": "dstLunName",
}

func (c *command) get(name string) any {
	if old, ok := oldNames[name]; ok && c.old {
		name = old
	}
	v, err := python.Attr(c.v, name)
	if err != nil && c.err == nil {
		c.err = err
	}
	return v
}

func (c *command) str(name string) string { return python.Str(c.get(name)) }

func (c *command) truth(name string) bool { return python.Truth(c.get(name)) }
