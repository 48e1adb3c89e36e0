package zbs

import (
	"net/netip"
	"slices"
	"strings"
)

// HostAccess says how an agent reaches a host over ssh. The agent writes the
// password into its log, in clear.
type HostAccess struct {
	IP       string
	Port     int // of ssh
	Username string
	Password Secret
}

func (h HostAccess) check() error {
	if ip, err := netip.ParseAddr(h.IP); err != nil || ip.Zone() != "" {
		return invalid("host %q is no IP address", h.IP)
	}
	if err := checkPort(h.Port); err != nil {
		return err
	}
	if err := CheckName("user", h.Username); err != nil {
		return err
	}
	return h.Password.check()
}

// hostFields are a HostAccess as the vhost endpoints spell it.
type hostFields struct {
	HostIP   string `json:"hostIp"`
	Port     int    `json:"sshPort"`
	Username string `json:"sshUsername"`
	Password string `json:"sshPassword"`
}

func (h HostAccess) fields() hostFields {
	return hostFields{h.IP, h.Port, h.Username, string(h.Password)}
}

// DeployClient installs the storage's client on a host.
type DeployClient struct {
	Host HostAccess
}

// Endpoint returns EndpointClientDeploy.
func (DeployClient) Endpoint() Endpoint { return EndpointClientDeploy }

// Validate checks the host.
func (c DeployClient) Validate() error { return c.Host.check() }

func (c DeployClient) wire() any {
	return struct {
		IP       string `json:"ip"`
		Port     int    `json:"port"`
		Username string `json:"username"`
		Password string `json:"password"`
	}{c.Host.IP, c.Host.Port, c.Host.Username, string(c.Host.Password)}
}

func (DeployClient) answer() (r Done) { return r }

// DeployVhost sets up vhost on a host.
type DeployVhost struct {
	Host         HostAccess
	HugepageSize int    // MiB; 0 leaves the agent's default
	HugepageDir  string // absolute; empty leaves the agent's default
}

// Endpoint returns EndpointVhostDeploy.
func (DeployVhost) Endpoint() Endpoint { return EndpointVhostDeploy }

// Validate checks the host and the directory.
func (c DeployVhost) Validate() error {
	if c.HugepageSize < 0 {
		return invalid("hugepage size %d is negative", c.HugepageSize)
	}
	if dir, ok := strings.CutPrefix(c.HugepageDir, "/"); ok {
		for part := range strings.SplitSeq(dir, "/") {
			if err := CheckName("hugepage directory", part); err != nil {
				return err
			}
		}
	} else if c.HugepageDir != "" {
		return invalid("hugepage directory %q is not absolute", c.HugepageDir)
	}
	return c.Host.check()
}

func (c DeployVhost) wire() any {
	return struct {
		hostFields
		HugepageSize int    `json:"hugepageSize,omitempty"`
		HugepageDir  string `json:"hugepageDir,omitempty"`
	}{c.Host.fields(), c.HugepageSize, c.HugepageDir}
}

func (DeployVhost) answer() (r Done) { return r }

// DestroyVhost takes vhost off a host.
type DestroyVhost struct {
	Host HostAccess
}

// Endpoint returns EndpointVhostDestroy.
func (DestroyVhost) Endpoint() Endpoint { return EndpointVhostDestroy }

// Validate checks the host.
func (c DestroyVhost) Validate() error { return c.Host.check() }

func (c DestroyVhost) wire() any { return c.Host.fields() }

func (DestroyVhost) answer() (r Done) { return r }

// CreateBdev makes a volume a vhost block device on a host.
type CreateBdev struct {
	Host        HostAccess
	LogicalPool string
	Volume      string
	Bdev        string
}

// Endpoint returns EndpointVhostBdevCreate.
func (CreateBdev) Endpoint() Endpoint { return EndpointVhostBdevCreate }

// Validate checks host and names.
func (c CreateBdev) Validate() error {
	if err := (Path{Pool: c.LogicalPool, Volume: c.Volume}).Validate(); err != nil {
		return err
	}
	if err := CheckName("bdev", c.Bdev); err != nil {
		return err
	}
	return c.Host.check()
}

func (c CreateBdev) wire() any {
	return struct {
		hostFields
		LogicalPool string `json:"logicalPool"`
		Volume      string `json:"volume"`
		Bdev        string `json:"bdevName"`
	}{c.Host.fields(), c.LogicalPool, c.Volume, c.Bdev}
}

func (CreateBdev) answer() (r Bdev) { return r }

// DeleteBdev takes a vhost block device off a host.
type DeleteBdev struct {
	Host HostAccess
	Bdev string
}

// Endpoint returns EndpointVhostBdevDelete.
func (DeleteBdev) Endpoint() Endpoint { return EndpointVhostBdevDelete }

// Validate checks host and name.
func (c DeleteBdev) Validate() error {
	if err := CheckName("bdev", c.Bdev); err != nil {
		return err
	}
	return c.Host.check()
}

func (c DeleteBdev) wire() any {
	return struct {
		hostFields
		Bdev string `json:"bdevName"`
	}{c.Host.fields(), c.Bdev}
}

func (DeleteBdev) answer() (r Done) { return r }

// Cgroups that GetResourceUsage may ask for.
const (
	CgroupShare       = "zstone.share.slice"
	CgroupChunkServer = "zstone.cs.slice"
	CgroupVhost       = "zstone.vhost.slice"
)

// GetResourceUsage asks what the storage's processes use on the node that is
// asked. Cgroups that do not run there are missing from the answer.
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
// the MDS when it differs: never send it to a cluster that somebody else
// manages unless he asked for it, and then with the version that Ping answered.
type SyncMetadata struct {
	AgentVersion string `json:"agentVersion"`
}

// Endpoint returns EndpointMetadataSync.
func (SyncMetadata) Endpoint() Endpoint { return EndpointMetadataSync }

// Validate requires a version: without one the agent forgets its own.
func (c SyncMetadata) Validate() error { return CheckName("agent version", c.AgentVersion) }

func (SyncMetadata) answer() (r Metadata) { return r }
