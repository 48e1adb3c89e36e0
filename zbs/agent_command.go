package zbs

import (
	"slices"
	"strings"
)

// Cgroups that GetResourceUsage may ask for.
const (
	CgroupShare       = "zstone.share.slice"
	CgroupChunkServer = "zstone.cs.slice"
	CgroupVhost       = "zstone.vhost.slice"
)

// GetResourceUsage asks what the storage's processes use on the node of the MDS. A
// cgroup that does not run there is missing from the answer.
type GetResourceUsage struct {
	Cgroups []string `json:"cgroupNames"` // one or more of the constants, each once
}

// Endpoint returns EndpointResourceUsage.
func (GetResourceUsage) Endpoint() Endpoint { return EndpointResourceUsage }

// Validate checks the cgroups.
func (c GetResourceUsage) Validate() error {
	known := []string{CgroupShare, CgroupChunkServer, CgroupVhost}
	for i, name := range c.Cgroups {
		if !slices.Contains(known, name) || slices.Contains(c.Cgroups[:i], name) {
			return invalid("cgroup %q is unknown or named twice, known are %s", name, strings.Join(known, ", "))
		}
	}
	if len(c.Cgroups) == 0 {
		return invalid("no cgroup is named, known are %s", strings.Join(known, ", "))
	}
	return nil
}

func (GetResourceUsage) answer() (r ResourceUsage) { return r }

// SyncMetadata makes the agent read its node's metadata again and sets its one
// agentVersion. ZStack compares that with its own at every ping and redeploys
// the MDS when it differs. Never send it to a cluster that another program manages,
// unless its operator asks for it, and then with the version that Ping answered.
type SyncMetadata struct {
	AgentVersion string `json:"agentVersion"`
}

// Endpoint returns EndpointMetadataSync.
func (SyncMetadata) Endpoint() Endpoint { return EndpointMetadataSync }

// Validate requires a version: without one the agent forgets its own.
func (c SyncMetadata) Validate() error { return CheckName("agent version", c.AgentVersion) }

func (SyncMetadata) answer() (r Metadata) { return r }
