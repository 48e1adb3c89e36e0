package zbs

import (
	"net/netip"
	"strings"
)

// HostAccess says how an agent reaches a host over ssh. The agent writes the
// password into its log, in clear. Commands for vhost also take a HostAccess with only
// the IP: agents since G9 need no more.
type HostAccess struct {
	IP       string
	Port     int // of ssh
	Username string
	Password Secret
}

// addressOnly reports whether only the address is set.
func (h HostAccess) addressOnly() bool { return h == HostAccess{IP: h.IP} }

// checkOptional also accepts a host with only the address.
func (h HostAccess) checkOptional() error {
	if h.addressOnly() {
		return checkHostIP(h.IP)
	}
	return h.check()
}

// redacted returns the host with *** for its password, if it has one.
func (h HostAccess) redacted() HostAccess {
	if h.Password != "" {
		h.Password = masked
	}
	return h
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

func (c DeployClient) secret() Secret { return c.Host.Password }

func (c DeployClient) redacted() any { c.Host = c.Host.redacted(); return c }

func (DeployClient) answer() (r Done) { return r }

// DeployVhost sets up vhost on a host. It needs ssh access. Agents since
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

func (c DeployVhost) secret() Secret { return c.Host.Password }

func (c DeployVhost) redacted() any { c.Host = c.Host.redacted(); return c }

func (DeployVhost) answer() (r Done) { return r }

// DestroyVhost removes vhost from a host. It needs the access that CreateBdev needs.
// Agents since G10 do not have it.
type DestroyVhost struct {
	Host HostAccess
}

// Endpoint returns EndpointVhostDestroy.
func (DestroyVhost) Endpoint() Endpoint { return EndpointVhostDestroy }

// Validate checks the host.
func (c DestroyVhost) Validate() error { return c.Host.checkOptional() }

func (c DestroyVhost) wire() any { return c.Host.fields() }

func (c DestroyVhost) secret() Secret { return c.Host.Password }

func (c DestroyVhost) redacted() any { c.Host = c.Host.redacted(); return c }

func (DestroyVhost) answer() (r Done) { return r }

// CheckVhost asks whether the vhost target of a host is ready, and fails with an
// AgentError when it is not; that takes an agent about 20 s. Agents since G10 have it.
// ZStack's newest client sends no ssh access; if Host has it, it is sent, because agents
// that log in to the host were seen.
type CheckVhost struct {
	Host HostAccess
}

// Endpoint returns EndpointVhostCheck.
func (CheckVhost) Endpoint() Endpoint { return EndpointVhostCheck }

// Validate checks the host.
func (c CheckVhost) Validate() error { return c.Host.checkOptional() }

func (c CheckVhost) wire() any { return c.Host.fields() }

func (c CheckVhost) secret() Secret { return c.Host.Password }

func (c CheckVhost) redacted() any { c.Host = c.Host.redacted(); return c }

func (CheckVhost) answer() (r Done) { return r }

// GetVhostHealth asks whether the vhost target of a host runs. Agents since G10 have it.
type GetVhostHealth struct {
	HostIP string `json:"hostIp"`
}

// Endpoint returns EndpointVhostHealth.
func (GetVhostHealth) Endpoint() Endpoint { return EndpointVhostHealth }

// Validate checks the address.
func (c GetVhostHealth) Validate() error { return checkHostIP(c.HostIP) }

func (GetVhostHealth) answer() (r VhostHealth) { return r }

// CreateBdev makes a volume a vhost block device on a host. Agents before G9 need ssh
// access to the host. It is not sent to others.
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

func (c CreateBdev) secret() Secret { return c.Host.Password }

func (c CreateBdev) redacted() any { c.Host = c.Host.redacted(); return c }

func (CreateBdev) answer() (r Bdev) { return r }

// DeleteBdev removes a vhost block device from a host. It needs the access that
// CreateBdev needs.
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

func (c DeleteBdev) secret() Secret { return c.Host.Password }

func (c DeleteBdev) redacted() any { c.Host = c.Host.redacted(); return c }

func (DeleteBdev) answer() (r Done) { return r }
