package agent

import (
	"maps"
	"slices"
)

// step makes the paths of one generation out of those of another.
type step struct {
	gen    Generation
	from   Generation // 0: none
	traits traits
	drop   []string
	add    []Endpoint // also replaces
}

func async(name string, run handler) Endpoint { return Endpoint{Name: name, run: run} }

func synchronous(name string, run handler) Endpoint {
	return Endpoint{Name: name, Sync: true, run: run}
}

// named is an endpoint whose volume has names instead of a path.
func named(name string, run stateHandler) Endpoint {
	return Endpoint{Name: name, run: onTarget(run), byName: true}
}

func (e Endpoint) withPassword() Endpoint { e.NeedsPassword = true; return e }

var (
	oldTraits    = traits{lun: true}
	newTraits    = traits{parent: true, unit: true, dstPool: true, existsCheck: true, version: true}
	serialTraits = traits{parent: true, unit: true, dstPool: true, existsCheck: true, version: true, serial: true}
)

// steps are the paths of all generations, each by its difference.
var steps = []step{
	{gen: G1, traits: oldTraits, add: []Endpoint{
		synchronous("echo", runEcho),
		async("facts", withFields("mdsListenAddr", runFactsWrite)),
		async("ping", withFields("mdsAddr", runPingAddr)),
		async("capacity", locked("logicalPoolName", runFirstCapacity)),
		named("copy", runCopy),
		{Name: "volume/create", run: locked("logicalPool", runCreate), byName: true},
		{Name: "volume/delete", run: runDelete, byName: true},
		named("volume/query", runQuery),
		named("volume/clone", runClone),
		named("volume/expand", runExpand),
		async("volume/cbdtonbd", runExport(exportFixed)),
		async("volume/cleannbd", locked("port", runUnexport)),
		named("snapshot/create", runSnapshotCreate),
		named("snapshot/delete", runSnapshotDelete),
		named("snapshot/rollback", runRollback),
	}},
	{gen: G2, from: G1, traits: oldTraits, add: []Endpoint{
		async("facts", withFields("mdsAddr", runFactsAddr)),
		async("ping", withFields("mdsExternalAddr", runPingExternal)),
		async("client/deploy", runClientDeploy("clientPassword")).withPassword(),
	}},
	{gen: G3, from: G2, traits: oldTraits, drop: []string{"facts"}, add: []Endpoint{async("ping", runPingLeader)}},
	{gen: G4, from: G3, traits: oldTraits, add: []Endpoint{async("capacity", runCapacityOf("logicalPoolName"))}},
	{gen: G5, from: G4, traits: oldTraits, add: []Endpoint{async("volume/cbdtonbd", runExport(exportOld))}},
	{gen: G6, from: G5, traits: oldTraits, add: []Endpoint{async("volume/query/batch", locked("installPaths", runBatch))}},
	{gen: G6z, from: G5, traits: traits{parent: true}, add: []Endpoint{
		async("volume/flatten", onTarget(runFlatten)), async("volume/query", onTarget(runQuery)),
	}},
	{gen: G7, traits: newTraits, add: []Endpoint{
		synchronous("echo", runEcho),
		async("facts", runFacts),
		async("ping", withFields("clusterInfo", runPing)),
		async("metadata/sync", withFields("addr", runMetadataSync)),
		async("capacity", locked("logicalPoolNames", runCapacity)),
		async("copy", onTarget(runCopy)),
		async("client/deploy", runClientDeploy("password")).withPassword(),
		async("volume/create", locked("logicalPool", runCreate)),
		async("volume/delete", runDelete),
		async("volume/query", onTarget(runQuery)),
		async("volume/query/batch", locked("installPaths", runBatch)),
		async("volume/clone", onTarget(runClone)),
		async("volume/expand", onTarget(runExpand)),
		async("volume/flatten", onTarget(runFlatten)),
		async("volume/cbdtonbd", runExport(exportNew)),
		async("volume/cleannbd", locked("port", runUnexport)),
		synchronous("volume/clients", runClients),
		async("snapshot/create", onTarget(runSnapshotCreate)),
		async("snapshot/delete", onTarget(runSnapshotDelete)),
		async("snapshot/rollback", onTarget(runRollback)),
	}},
	{gen: G7e, from: G7, traits: traits{parent: true, unit: true}, add: []Endpoint{
		async("capacity", runCapacityOf("logicalPool")),
		async("volume/query/batch", withFields("installPaths", runBrokenBatch)),
		async("snapshot/query", onTarget(runSnapshotQuery)),
	}},
	{gen: G8, from: G7, traits: newTraits, add: []Endpoint{
		async("vhost/deploy", withSSH(runSetTarget(true))).withPassword(),
		async("vhost/destroy", withSSH(runSetTarget(false))).withPassword(),
		async("vhost/bdev/create", withSSH(locked("logicalPool", runBdevCreate))).withPassword(),
		async("vhost/bdev/delete", withSSH(locked("hostIp", runBdevDelete))).withPassword(),
	}},
	{gen: G9, from: G8, traits: serialTraits, add: []Endpoint{
		async("resource/usage", withFields("cgroupNames", runUsage)),
		async("vhost/destroy", runSetTarget(false)),
		async("vhost/bdev/create", locked("logicalPool", runBdevCreate)),
		async("vhost/bdev/delete", locked("hostIp", runBdevDelete)),
	}},
	// Whether a real one has resource/usage or snapshot/query is unknown. Here it
	// has the first, as G9, and not the second.
	{gen: G10, from: G9, traits: serialTraits, drop: []string{"vhost/deploy", "vhost/destroy"}, add: []Endpoint{
		async("vhost/check", runVhostCheck),
		async("vhost/target/health", locked("hostIp", runVhostHealth)), // async as the rest; its text was not seen
	}},
}

// endpoints are the paths of each generation, by name.
var endpoints = func() map[Generation]map[string]*Endpoint {
	all := map[Generation]map[string]*Endpoint{}
	for _, s := range steps {
		made := map[string]*Endpoint{}
		for name, ep := range all[s.from] {
			made[name] = ep.with(s.traits)
		}
		for _, name := range s.drop {
			delete(made, name)
		}
		for _, ep := range s.add {
			made[ep.Name] = ep.with(s.traits)
		}
		all[s.gen] = made
	}
	return all
}()

// with returns the endpoint in a generation that has these traits.
func (e Endpoint) with(t traits) *Endpoint { e.traits = t; return &e }

// Lookup returns an endpoint of the generation by its name, such as "volume/query",
// nil when the generation has none.
func Lookup(g Generation, name string) *Endpoint { return endpoints[g][name] }

// Endpoints are the names of the endpoints of the generation, sorted.
func Endpoints(g Generation) []string { return slices.Sorted(maps.Keys(endpoints[g])) }

// IsEndpoint reports whether any generation has the endpoint.
func IsEndpoint(name string) bool {
	return slices.ContainsFunc(Generations(), func(g Generation) bool { return Lookup(g, name) != nil })
}
