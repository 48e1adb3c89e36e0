package fakemds

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// endpoint is an operation of the agent: how it is called, and what it does.
type endpoint struct {
	sync  bool
	old   bool   // agents of 5.4.0 have it
	first string // the field the handler looks at first, "" when it reads no body
	run   func(n *Node, cmd command) (reply object, after time.Duration)
}

// atOnce makes a handler that answers without delay.
func atOnce(f func(*Node, command) object) func(*Node, command) (object, time.Duration) {
	return func(n *Node, cmd command) (object, time.Duration) { return f(n, cmd), 0 }
}

// onVolume makes a handler for an endpoint whose path names a volume or a
// snapshot of it. f is called with the storage locked, and with no volume when
// there is none of the name.
func onVolume(f func(*Node, command, *storage, parts, *VolumeState) object) func(*Node, command) (object, time.Duration) {
	return atOnce(func(n *Node, cmd command) object {
		p, refusal := split(cmd["path"])
		if refusal != nil {
			return refusal
		}
		s := n.cluster.storage
		s.mu.Lock()
		defer s.mu.Unlock()
		return f(n, cmd, s, p, s.volumes[p.key()])
	})
}

// prefix of all paths.
const prefix = "/zbs/primarystorage/"

// endpoints is the table of the protocol.
var endpoints = map[string]endpoint{
	"echo":               {sync: true, old: true},
	"facts":              {run: atOnce(facts)},
	"ping":               {old: true, first: "clusterInfo", run: atOnce(ping)},
	"metadata/sync":      {first: "addr", run: atOnce(metadataSync)},
	"capacity":           {old: true, first: "logicalPoolNames", run: atOnce(capacity)},
	"resource/usage":     {first: "cgroupNames", run: atOnce(resourceUsage)},
	"volume/create":      {old: true, first: "logicalPool", run: atOnce(volumeCreate)},
	"volume/delete":      {old: true, first: "path", run: volumeDelete},
	"volume/query":       {old: true, first: "path", run: onVolume(volumeQuery)},
	"volume/query/batch": {old: true, first: "installPaths", run: atOnce(volumeQueryBatch)},
	"volume/clone":       {old: true, first: "path", run: onVolume(volumeClone)},
	"volume/expand":      {old: true, first: "path", run: onVolume(volumeExpand)},
	"volume/flatten":     {first: "path", run: onVolume(volumeFlatten)},
	"volume/cbdtonbd":    {old: true, first: "path", run: onVolume(volumeToNBD)},
	"volume/cleannbd":    {old: true, first: "port", run: atOnce(volumeCleanNBD)},
	"volume/clients":     {sync: true, first: "path", run: atOnce(volumeClients)},
	"snapshot/create":    {old: true, first: "path", run: onVolume(snapshotCreate)},
	"snapshot/delete":    {old: true, first: "path", run: onVolume(snapshotDelete)},
	"snapshot/rollback":  {old: true, first: "path", run: onVolume(snapshotRollback)},
	"copy":               {old: true, first: "path", run: onVolume(copySnapshot)},
	"client/deploy":      {old: true, first: "ip", run: atOnce(clientDeploy)},
	"vhost/deploy":       {first: "hostIp", run: atOnce(hostDone)},
	"vhost/destroy":      {first: "hostIp", run: atOnce(hostDone)},
	"vhost/bdev/create":  {first: "hostIp", run: atOnce(bdevCreate)},
	"vhost/bdev/delete":  {first: "hostIp", run: atOnce(hostDone)},
}

// execute runs the command as the agent does and returns its answer, and after
// what time it comes.
func (e endpoint) execute(n *Node, body []byte) (object, time.Duration) {
	if e.run == nil {
		return nil, 0
	}
	if e.first == "" {
		return e.run(n, nil)
	}
	cmd, refusal := parseCommand(body, e.first)
	if refusal != nil {
		return refusal, 0
	}
	if n.legacy() {
		if refusal := cmd.toOldStyle(e); refusal != nil {
			return refusal, 0
		}
	}
	return e.run(n, cmd)
}

const notString = "'in <string>' requires string as left operand, not %s"

// toOldStyle makes the agent of 5.4.0 read its own field names: the ones of
// newer agents are None to it.
func (c command) toOldStyle(e endpoint) object {
	pool, lun := c["logicalPoolName"], c["lunName"]
	switch {
	case e.first == "path":
		c["path"] = "cbd:old/" + pyText(pool) + "/" + pyText(lun)
		c["snapshot"] = c["snapshotName"]
	case e.first == "logicalPool" || e.first == "logicalPoolNames":
		if pool == nil {
			return failure(notString, "NoneType")
		}
		c["logicalPool"], c["volume"], c["logicalPoolNames"] = pool, lun, pool
	}
	return nil
}

// parts of a path as the agent splits it.
type parts struct {
	physical, logical, volume string
	snapshot                  any // a string, or None
}

func (p parts) key() string { return p.logical + "/" + p.volume }

func (p parts) snapshotKey() string { return p.key() + "@" + pyText(p.snapshot) }

func (p parts) cbd(volume string) string {
	return "cbd:" + p.physical + "/" + p.logical + "/" + volume
}

// split reads a path as the agent does: no check of the prefix or the number
// of segments, and what is behind a second colon is dropped.
func split(v any) (parts, object) {
	path, ok := v.(string)
	if !ok {
		if pyType(v) == "JsonObject" {
			return parts{}, failure("'NoneType' object is not callable")
		}
		return parts{}, failure("'%s' object has no attribute 'split'", pyType(v))
	}
	fields := strings.Split(path, ":")
	if len(fields) < 2 {
		return parts{}, failure("list index out of range")
	}
	segments := strings.Split(fields[1], "/")
	if len(segments) < 3 {
		return parts{}, failure("list index out of range")
	}
	p := parts{physical: segments[0], logical: segments[1], volume: segments[2]}
	switch strings.Count(p.volume, "@") {
	case 0:
		return p, nil
	case 1:
		volume, snapshot, _ := strings.Cut(p.volume, "@")
		p.volume, p.snapshot = volume, snapshot
		return p, nil
	default:
		return parts{}, failure("too many values to unpack (expected 2)")
	}
}

func facts(n *Node, _ command) object {
	if olderThan(n.cluster.version, "1.5.1") {
		return success(member{"version", n.cluster.version})
	}
	return success(member{"uuid", n.cluster.uuid}, member{"version", n.cluster.version})
}

// olderThan compares versions by their numbers before any '-'.
func olderThan(version, other string) bool {
	return slices.Compare(numbers(version), numbers(other)) < 0
}

func numbers(version string) []int {
	version, _, _ = strings.Cut(version, "-")
	var out []int
	for field := range strings.SplitSeq(version, ".") {
		v, _ := strconv.Atoi(field)
		out = append(out, v)
	}
	return out
}

func ping(n *Node, cmd command) object {
	if n.legacy() {
		return success()
	}
	info, ok := cmd["clusterInfo"].(map[string]any)
	if !ok {
		return failure("'%s' object has no attribute 'version'", pyType(cmd["clusterInfo"]))
	}
	var current any = n.cluster.uuid
	if version, ok := info["version"].(string); ok && olderThan(version, "1.5.1") {
		current = nil
	}
	if info["uuid"] != current {
		return failure("cluster uuid does not match, current cluster uuid[%s], old cluster uuid[%s]", pyText(current), pyText(info["uuid"]))
	}
	return success(member{"agentVersion", n.version()})
}

func metadataSync(n *Node, cmd command) object {
	addr, ok := cmd["addr"].(string)
	if !ok || addr == "" {
		return failure("cannot found external address of mds[%s]", pyText(cmd["addr"]))
	}
	n.sync(cmd["agentVersion"])
	return success(member{"externalAddr", addr + ":6700"}, member{"physicalServerSerialNumber", "SERIAL-" + addr})
}

func capacity(n *Node, cmd command) object {
	s := n.cluster.storage
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.filterMatchesLocked(cmd["logicalPoolNames"]) {
		return failure("cannot found logical pool[%s], you must create it manually", pyRepr(cmd["logicalPoolNames"]))
	}
	infos := []any{}
	for _, p := range s.pools {
		infos = append(infos, p.info())
	}
	return success(member{"logicalPoolInfos", infos})
}

// filterMatchesLocked is the filter's only effect: one of the names must be
// there, or contain a pool's when the filter is a string.
func (s *storage) filterMatchesLocked(filter any) bool {
	switch filter := filter.(type) {
	case []any:
		return len(filter) == 0 || slices.ContainsFunc(s.pools, func(p pool) bool { return slices.Contains(filter, any(p.logical)) })
	case string:
		return slices.ContainsFunc(s.pools, func(p pool) bool { return strings.Contains(filter, p.logical) })
	default:
		return true
	}
}

func (p pool) info() object {
	return object{
		{"logicalPoolID", p.id}, {"logicalPoolName", p.logical}, {"physicalPoolID", p.id}, {"physicalPoolName", p.physical},
		{"type", 0}, {"createTime", 1700000000},
		{"redundanceAndPlaceMentPolicy", object{{"copysetNum", 300}, {"replicaNum", 3}, {"zoneNum", 3}}},
		{"userPolicy", "eyJwb2xpY3kiOiAxfQ=="}, {"allocateStatus", 0}, {"capacity", int64(poolCapacity)}, {"usedSize", 0},
		{"allocatedSize", 0}, {"rawUsedSize", 0}, {"rawWalUsedSize", 0}, {"quota", 0},
	}
}

// volumeClients lies by silence wherever the agent does: before metadata/sync,
// on an old storage, for a remote volume and for one that does not exist.
func volumeClients(n *Node, cmd command) object {
	none := success(member{"clients", []any{}})
	if !n.lists() {
		return none
	}
	p, refusal := split(cmd["path"])
	if refusal != nil {
		return refusal
	}
	if strings.Contains(p.volume, "?r=") {
		return none
	}
	clients := []any{}
	for _, client := range n.clientsOf(p.key()) {
		ip, port, _ := strings.Cut(client, ":")
		if at := strings.LastIndexByte(client, ':'); strings.HasPrefix(client, "[") {
			ip, port = strings.Trim(client[:at], "[]"), client[at+1:]
		}
		clients = append(clients, object{{"ip", ip}, {"port", port}})
	}
	return success(member{"clients", clients})
}
