package fakemds

import "strings"

const prefix = "/zbs/primarystorage/"

// endpoint is one path of the agent. run executes it and returns what stands in
// the answer behind success and error; nil means an empty body.
type endpoint struct {
	name string
	sync bool
	run  func(x *exchange) (obj, error)
}

// endpoints of the current agent, by name.
var endpoints = table(
	endpoint{"echo", true, runEcho},
	endpoint{"facts", false, runFacts},
	endpoint{"ping", false, runPing},
	endpoint{"metadata/sync", false, runMetadataSync},
	endpoint{"capacity", false, runCapacity},
	endpoint{"resource/usage", false, runUsage},
	endpoint{"volume/create", false, runCreate},
	endpoint{"volume/delete", false, runDelete},
	endpoint{"volume/query", false, runQuery},
	endpoint{"volume/query/batch", false, runBatch},
	endpoint{"volume/clone", false, runClone},
	endpoint{"volume/expand", false, runExpand},
	endpoint{"volume/flatten", false, runFlatten},
	endpoint{"volume/cbdtonbd", false, runExport},
	endpoint{"volume/cleannbd", false, runUnexport},
	endpoint{"volume/clients", true, runClients},
	endpoint{"snapshot/create", false, runSnapshotCreate},
	endpoint{"snapshot/delete", false, runSnapshotDelete},
	endpoint{"snapshot/rollback", false, runRollback},
	endpoint{"copy", false, runCopy},
	endpoint{"client/deploy", false, runClientDeploy},
	endpoint{"vhost/deploy", false, runVhostSetup},
	endpoint{"vhost/destroy", false, runVhostSetup},
	endpoint{"vhost/bdev/create", false, runBdevCreate},
	endpoint{"vhost/bdev/delete", false, runBdevDelete},
)

func table(all ...endpoint) map[string]*endpoint {
	m := map[string]*endpoint{}
	for i := range all {
		m[all[i].name] = &all[i]
	}
	return m
}

// legacyEndpoints are those that the agent of 5.4.0 knows too.
var legacyEndpoints = func() map[string]*endpoint {
	m := map[string]*endpoint{}
	for _, name := range []string{"echo", "ping", "client/deploy", "copy",
		"volume/create", "volume/delete", "volume/query", "volume/query/batch", "volume/clone", "volume/expand",
		"volume/cbdtonbd", "volume/cleannbd", "snapshot/create", "snapshot/delete", "snapshot/rollback"} {
		m[name] = endpoints[name]
	}
	m["capacity"] = &endpoint{"capacity", false, runLegacyCapacity}
	return m
}()

// lookup finds the endpoint of a path, nil when there is none. A trailing slash
// is fine.
func lookup(path string, legacy bool) *endpoint {
	name, ok := strings.CutPrefix(strings.TrimSuffix(path, "/"), prefix)
	switch {
	case !ok:
		return nil
	case legacy:
		return legacyEndpoints[name]
	}
	return endpoints[name]
}

// command decodes the body of the request.
func (x *exchange) command() (*command, error) {
	v, err := decode(x.body)
	if err != nil {
		return nil, err
	}
	return &command{v: v, legacy: x.legacy}, nil
}

// target decodes the body and takes its path apart. The agent of 5.4.0 has no
// path but names, of which the missing ones become "None".
func (x *exchange) target() (*command, target, error) {
	cmd, err := x.command()
	if err != nil {
		return nil, target{}, err
	}
	if x.legacy {
		t := target{logical: cmd.str("logicalPool"), volume: cmd.str("volume"), snapshot: cmd.get("snapshot")}
		t.text = t.file()
		return cmd, t, cmd.err
	}
	path := cmd.get("path")
	if cmd.err != nil {
		return nil, target{}, cmd.err
	}
	t, err := parseTarget(path)
	return cmd, t, err
}

// installLocked fills in the physical pool that an install path of the answer
// needs and that the names of 5.4.0 lack.
func (x *exchange) installLocked(cmd *command, t *target) error {
	if !x.legacy {
		return nil
	}
	var err error
	t.physical, err = x.node.cluster.st.physicalLocked(cmd.get("logicalPool"))
	return err
}

// fileLocked looks a volume up in the storage, unless that is to fail.
func (x *exchange) fileLocked(call string, t target) (*volume, error) {
	if f, ok := x.faults[storageError]; ok {
		return nil, errText(f.text)
	}
	return x.node.cluster.st.fileLocked(call, t.logical, t.volume)
}
