package fakemds

import (
	"strconv"
	"strings"

	"github.com/zbsclient/zbsclient/fakemds/internal/python"
)

// The endpoints about the cluster and the agent itself.

func runEcho(*exchange) (python.Object, error) { return nil, nil }

func runFacts(x *exchange) (python.Object, error) {
	cfg := x.node.cluster.cfg
	cfg.uuid = x.node.clusterID()
	return python.Object{}.With("uuid", clusterUUID(cfg)).With("version", cfg.version), nil
}

// clusterUUID is nil for a cluster too old to have one.
func clusterUUID(cfg config) any {
	if cfg.version != "" && olderThan(cfg.version, "1.5.1") {
		return nil
	}
	return cfg.uuid
}

// olderThan compares the parts of versions before any '-' as numbers.
func olderThan(version, than string) bool {
	version, _, _ = strings.Cut(version, "-")
	a, b := strings.Split(version, "."), strings.Split(than, ".")
	for i := range b {
		have := 0
		if i < len(a) {
			have, _ = strconv.Atoi(a[i])
		}
		if want, _ := strconv.Atoi(b[i]); have != want {
			return have < want
		}
	}
	return false
}

// runPing compares the cluster with the caller's idea of it.
func runPing(x *exchange) (python.Object, error) {
	cmd, err := x.command()
	if err != nil {
		return nil, err
	}
	info := &command{v: cmd.get("clusterInfo"), err: cmd.err}
	if info.err != nil {
		return nil, info.err
	}
	version, old := info.get("version"), info.get("uuid")
	if info.err != nil {
		return nil, info.err
	}
	var current any = x.node.clusterID()
	if version != nil && olderThan(python.Str(version), "1.5.1") {
		current = nil
	}
	if current != old {
		return nil, python.Errorf("cluster uuid does not match, current cluster uuid[%s], old cluster uuid[%s]", python.Str(current), python.Str(old))
	}
	if !x.traits().version {
		return python.Object{}, nil
	}
	x.node.mu.Lock()
	defer x.node.mu.Unlock()
	return python.Object{}.With("agentVersion", x.node.agent.version), nil
}

// runPingAddr is that of G1: the MDS named by the field must be one of this
// cluster. What it says when it is not was not read.
func runPingAddr(field string) handler {
	return func(x *exchange) (python.Object, error) {
		cmd, err := x.command()
		if err != nil {
			return nil, err
		}
		mds, err := x.node.cluster.findMDS(cmd.get(field))
		if err == nil && mds == "" {
			err = python.Errorf("cannot found mds[%s]", cmd.str(field))
		}
		if err != nil {
			return nil, err
		}
		return python.Object{}, nil
	}
}

// runPingExternal is that of G2: without an address to look for it succeeds.
func runPingExternal(x *exchange) (python.Object, error) {
	cmd, err := x.command()
	if err != nil {
		return nil, err
	}
	if !cmd.truth("mdsExternalAddr") {
		return python.Object{}, cmd.err
	}
	return runPingAddr("mdsExternalAddr")(x)
}

// runPingLeader succeeds while an MDS is leader, which here one always is. It does
// not look at the request.
func runPingLeader(*exchange) (python.Object, error) { return python.Object{}, nil }

// runMetadataSync sets the agent's one version, where it has one, and finds out
// whether the storage can list clients.
func runMetadataSync(x *exchange) (python.Object, error) {
	cmd, err := x.command()
	if err != nil {
		return nil, err
	}
	addr, version := cmd.str("addr"), cmd.get("agentVersion")
	if cmd.err != nil {
		return nil, cmd.err
	}
	n := x.node
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.agent.notMDS || addr == "None" {
		return nil, python.Errorf("cannot found external address of mds[%s]", addr)
	}
	if version != nil {
		version = python.Str(version)
	}
	n.agent.synced, n.agent.lists = true, !n.agent.oldStorage
	if x.traits().version {
		if was := n.agent.version; was != nil && was != version {
			x.harms("metadata/sync replaced the agentVersion " + python.Str(was) + " by " + python.Str(version))
		}
		n.agent.version = version
	}
	answer := python.Object{}.With("externalAddr", addr+":"+mdsPort)
	if n.serial != "" && x.traits().serial {
		answer = answer.With("physicalServerSerialNumber", n.serial)
	}
	return answer, nil
}

// runCapacity answers all pools; the filter only decides between success and
// failure, and one known pool is enough.
func runCapacity(x *exchange) (python.Object, error) {
	cmd, err := x.command()
	if err != nil {
		return nil, err
	}
	names := cmd.get("logicalPoolNames")
	if cmd.err != nil {
		return nil, cmd.err
	}
	st := x.node.cluster.st
	st.mu.Lock()
	defer st.mu.Unlock()
	infos, found := []python.Object{}, !python.Truth(names)
	for _, p := range st.pools {
		infos = append(infos, p.info())
		found = found || mentions(names, p.name)
	}
	if !found {
		return nil, noPool(names)
	}
	return python.Object{}.With("logicalPoolInfos", infos), nil
}

// runCapacityOf is that of the generations that take one name, in this field, and
// find it by substring. They answer all pools too.
func runCapacityOf(field string) handler {
	return func(x *exchange) (python.Object, error) {
		cmd, err := x.command()
		if err != nil {
			return nil, err
		}
		name := cmd.get(field)
		if cmd.err != nil {
			return nil, cmd.err
		}
		st := x.node.cluster.st
		st.mu.Lock()
		defer st.mu.Unlock()
		infos, found := []python.Object{}, false
		for _, p := range st.pools {
			infos = append(infos, p.info())
			in, err := st.names(name, p.name)
			if err != nil {
				return nil, err
			}
			found = found || in
		}
		if !found {
			return nil, noPool(name)
		}
		return python.Object{}.With("logicalPoolInfos", infos), nil
	}
}

// runFirstCapacity is that of the first generations: it answers the numbers of the
// first pool that the name stands for, among those of the first physical pool.
func runFirstCapacity(x *exchange) (python.Object, error) {
	cmd, err := x.command()
	if err != nil {
		return nil, err
	}
	name := cmd.get("logicalPoolName")
	if cmd.err != nil {
		return nil, cmd.err
	}
	st := x.node.cluster.st
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, p := range st.pools {
		if p.physical != st.pools[0].physical {
			continue
		}
		if in, err := st.names(name, p.name); err != nil {
			return nil, err
		} else if in {
			_, used := p.usage()
			return python.Object{}.With("capacity", p.capacity).With("usedSize", used), nil
		}
	}
	return nil, noPool(name)
}

func noPool(names any) error {
	return python.Errorf("cannot found logical pool[%s], you must create it manually", python.Str(names))
}

// mentions is `name in names`, of a list or, as the agent lets it be, a string.
func mentions(names any, name string) bool {
	switch names := names.(type) {
	case string:
		return strings.Contains(names, name)
	case []any:
		for _, n := range names {
			if n == name {
				return true
			}
		}
	}
	return false
}

// info is the pool as capacity answers it. The numbers that the fake does not
// keep are those of the recorded exchanges.
func (p *pool) info() python.Object {
	allocated, used := p.usage()
	return python.Object{}.
		With("logicalPoolID", p.id).With("logicalPoolName", p.name).
		With("physicalPoolID", p.id).With("physicalPoolName", p.physical).
		With("type", 0).With("createTime", p.createdAtUnix).
		With("redundanceAndPlaceMentPolicy", python.Object{}.With("copysetNum", 300).With("replicaNum", 3).With("zoneNum", 3)).
		With("userPolicy", "eyJwb2xpY3kiOiAxfQ==").With("allocateStatus", 0).
		With("capacity", p.capacity).With("usedSize", used).With("allocatedSize", allocated).
		With("rawUsedSize", 3*used).With("rawWalUsedSize", 0).With("quota", 0)
}

// usage is what the volumes of the pool add up to, in bytes.
func (p *pool) usage() (allocated, used int64) {
	for _, v := range p.volumes {
		allocated += v.size
		used += v.used
	}
	return allocated, used
}
