package zbs

import (
	"errors"
)

// EchoReply is the empty answer to Echo.
type EchoReply struct{}

// Facts name a cluster.
type Facts struct {
	UUID    string `json:"uuid,omitempty"`    // empty when the cluster is older than 1.5.1
	Version string `json:"version,omitempty"` // of the storage, such as "1.6.2"; empty when unknown
}

// PingReply is the answer to Ping.
type PingReply struct {
	// AgentVersion is what the last metadata/sync set. It is empty if the agent had
	// none since it started; then its client lists are always empty.
	AgentVersion string `json:"agentVersion,omitempty"`
}

// Synced reports whether the agent had a metadata/sync since it started. Without one
// its client lists mean nothing. With one they may mean nothing, too: on a storage
// too old to list clients they are empty.
func (r PingReply) Synced() bool { return r.AgentVersion != "" }

// Capacity is the answer to GetCapacity: every pool of the cluster.
type Capacity struct {
	Pools []LogicalPool `json:"logicalPoolInfos"`
}

// LogicalPool is one pool as capacity reports it. Absent fields are zero.
type LogicalPool struct {
	ID             Int        `json:"logicalPoolID"`
	Name           string     `json:"logicalPoolName"`
	PhysicalID     Int        `json:"physicalPoolID"`
	PhysicalName   string     `json:"physicalPoolName"`
	Type           Int        `json:"type"`
	CreateTime     Int        `json:"createTime"` // seconds since 1970 UTC
	Redundancy     Redundancy `json:"redundanceAndPlaceMentPolicy"`
	UserPolicy     string     `json:"userPolicy"`
	AllocateStatus Int        `json:"allocateStatus"`
	Capacity       Int        `json:"capacity"`       // bytes
	UsedSize       Int        `json:"usedSize"`       // bytes
	AllocatedSize  Int        `json:"allocatedSize"`  // bytes
	RawUsedSize    Int        `json:"rawUsedSize"`    // bytes
	RawWALUsedSize Int        `json:"rawWalUsedSize"` // bytes
	Quota          Int        `json:"quota"`          // bytes, 0 without one
}

// Redundancy says how a pool keeps its copies.
type Redundancy struct {
	Copysets Int `json:"copysetNum"`
	Replicas Int `json:"replicaNum"`
	Zones    Int `json:"zoneNum"`
}

// VolumeInfo is the answer to QueryVolume.
type VolumeInfo struct {
	Size       Int `json:"size"`       // bytes
	ActualSize Int `json:"actualSize"` // bytes allocated
	// ParentURI is the CBD path of the snapshot the volume is a clone of, empty
	// for no clone. Its physical pool is the one of the request, right or wrong.
	ParentURI string `json:"parentUri,omitempty"`
}

// VolumeClients is the answer to GetVolumeClients: the clients of a volume, as one
// agent lists them. An empty list does not prove that the volume is closed.
type VolumeClients struct {
	Clients []Client `json:"clients"`
}

var errNoClientList = errors.New(`no "clients" in the answer`)

// check refuses an answer without a list. Otherwise any JSON object would read as a
// volume without clients.
func (r VolumeClients) check() error {
	if r.Clients == nil {
		return errNoClientList
	}
	return nil
}

// Client is a process that has a volume open. An agent may leave out either field: a
// client without an address has the volume open, too.
type Client struct {
	IP   string `json:"ip"`
	Port Int    `json:"port"`
}

// String returns IP:PORT, without the port when there is none and with ? for a
// missing IP.
func (c Client) String() string {
	host := c.IP
	if host == "" {
		host = "?"
	}
	if c.Port == 0 {
		return host
	}
	return joinHostPort(host, int64(c.Port))
}

// Done is an answer without fields of its own: success.
type Done struct{}

// Created is the answer to commands that make or restore a volume or snapshot.
type Created struct {
	// InstallPath is its CBD path; the physical pool in it can be wrong.
	InstallPath string `json:"installPath"`
	Size        Int    `json:"size"` // bytes; the old size if an existing volume was skipped
	ActualSize  Int    `json:"actualSize"`
}

// VolumeSizes is the answer to QueryVolumes, by CBD path as it was asked.
type VolumeSizes struct {
	Volumes map[string]VolumeSize `json:"volumes"`
}

var errNoVolumes = errors.New(`no "volumes" in the answer`)

// check refuses an answer without volumes: it would read as "none exists".
func (r VolumeSizes) check() error {
	if r.Volumes == nil {
		return errNoVolumes
	}
	return nil
}

// VolumeSize is the size of one volume among many.
type VolumeSize struct {
	Size       Int `json:"length"`   // bytes
	ActualSize Int `json:"usedSize"` // bytes allocated
}

// Expanded is the answer to ExpandVolume.
type Expanded struct {
	Size Int `json:"size"` // bytes
}

// NBDExport is the answer to ExportNBD. IP repeats the addr of the request.
type NBDExport struct {
	IP   string `json:"ip"`
	Port Int    `json:"port"`
}

// Bdev is the answer to CreateBdev.
type Bdev struct {
	SocketPath string `json:"socketPath"` // on the host
}

// ResourceUsage is the answer to GetResourceUsage.
type ResourceUsage struct {
	Serial string        `json:"physicalServerSerialNumber"`
	Usages []CgroupUsage `json:"usages"`
}

// CgroupUsage is what one cgroup uses.
type CgroupUsage struct {
	Cgroup      string `json:"cgroupName"`
	CPUs        string `json:"cpuSet"`      // such as "0-3"
	CPUTime     Int    `json:"cpuTime"`     // as the kernel counts it
	Memory      Int    `json:"memory"`      // bytes
	MemoryLimit Int    `json:"memoryLimit"` // bytes, 0 without one
}

// Metadata is the answer to SyncMetadata.
type Metadata struct {
	ExternalAddr string `json:"externalAddr"`
	Serial       string `json:"physicalServerSerialNumber"`
}

// VhostHealth is the answer to GetVhostHealth.
type VhostHealth struct {
	Running *bool `json:"targetRunning"` // never nil in an answer that was decoded
}

var errNoTarget = errors.New(`no "targetRunning" in the answer`)

// check refuses an answer without the field: it would read as "not running".
func (r VhostHealth) check() error {
	if r.Running == nil {
		return errNoTarget
	}
	return nil
}

// SnapshotInfo is the answer to QuerySnapshot.
type SnapshotInfo struct {
	HasSnapshot bool `json:"hasSnapshot"` // the volume has some snapshot
	// InstallPath is the CBD path with the snapshot's number for its name, or the
	// path that was asked for when that is a volume.
	InstallPath string `json:"installPath"`
}
