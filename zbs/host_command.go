package zbs

import (
	"net/netip"
	"slices"
	"strings"
)

// HostAccess says how an agent reaches a host over ssh. The agent writes the
// password into its log, in clear. Commands for vhost take one with the IP alone as
// well: agents since G9 need no more.
type HostAccess struct {
	IP       string
	Port     int // of ssh
	Username string
	Password Secret
}

// addressOnly reports whether there is nothing but the address.
func (h HostAccess) addressOnly() bool { return h == HostAccess{IP: h.IP} }

// checkOptional accepts a host with the address alone.
func (h HostAccess) checkOptional() error {
	if h.addressOnly() {
		return checkHostIP(h.IP)
	}
	return h.check()
}

func checkHostIP(text string) error {
	if ip, err := netip.ParseAddr(text); err != nil || ip.Zone() != "" {
		return invalid("host %q is no IP address", text)
	}
	return nil
}

func (h HostAccess) check() error {
	if err := checkHostIP(h.IP); err != nil {
		return err
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
	Port     int    `json:"sshPort,omitempty"`
	Username string `json:"sshUsername,omitempty"`
	Password string `json:"sshPassword,omitempty"`
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

// DeployVhost sets up vhost on a host, which takes ssh access to it. Agents since
// G10 do not have it: there vhost comes with ZStone.
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

// DestroyVhost takes vhost off a host. The access to the host is that of
// CreateBdev. Agents since G10 do not have it.
type DestroyVhost struct {
	Host HostAccess
}

// Endpoint returns EndpointVhostDestroy.
func (DestroyVhost) Endpoint() Endpoint { return EndpointVhostDestroy }

// Validate checks the host.
func (c DestroyVhost) Validate() error { return c.Host.checkOptional() }

func (c DestroyVhost) wire() any { return c.Host.fields() }

func (DestroyVhost) answer() (r Done) { return r }

// CheckVhost asks whether the vhost target of a host is ready, and fails with an
// AgentError when it is not. The agent looks for about 20 s before it says so. It
// comes with G10, and needs no ssh access: what Host has of it is sent.
type CheckVhost struct {
	Host HostAccess
}

// Endpoint returns EndpointVhostCheck.
func (CheckVhost) Endpoint() Endpoint { return EndpointVhostCheck }

// Validate checks the host.
func (c CheckVhost) Validate() error { return c.Host.checkOptional() }

func (c CheckVhost) wire() any { return c.Host.fields() }

func (CheckVhost) answer() (r Done) { return r }

// GetVhostHealth asks whether the vhost target of a host runs. It comes with G10.
type GetVhostHealth struct {
	HostIP string `json:"hostIp"`
}

// Endpoint returns EndpointVhostHealth.
func (GetVhostHealth) Endpoint() Endpoint { return EndpointVhostHealth }

// Validate checks the address.
func (c GetVhostHealth) Validate() error { return checkHostIP(c.HostIP) }

func (GetVhostHealth) answer() (r VhostHealth) { return r }

// CreateBdev makes a volume a vhost block device on a host. Agents before G9 need
// ssh access to the host; the others are not sent it.
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
	return c.Host.checkOptional()
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

// DeleteBdev takes a vhost block device off a host. The access to the host is that
// of CreateBdev.
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
	return c.Host.checkOptional()
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
