package volume

import (
	"context"
	"fmt"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// A Service sends the operations on hosts as they are, and an agent works on the host.
// Agents before G9 log in there with the access that the command carries, and write the
// password into their own log, in clear. This library keeps it out of its own errors and
// logs, even if an agent's answer repeats it, and sends it to no agent that does not need
// it.
//
// Their errors wrap zbs.ErrInvalidCommand, zbs.ErrInvalidName or
// zbs.ErrInvalidPath (nothing is sent), mds.ErrAmbiguous (the host may be in any
// state between; each can be repeated), or are a *mds.CallError with the agent's
// refusal. They match zbs.ErrUnsupported when an agent does not have the operation, and
// zbs.ErrHostAccess when an agent needs access that the command does not carry; nothing
// was sent to that agent. Each attempt takes at most SetupTimeout.

// DeployClient installs the storage's client on a host.
func (s *Service) DeployClient(ctx context.Context, command zbs.DeployClient, opts ...mds.CallOption) error {
	_, err := setUp(ctx, s, command.Host, "deploy client on", command, opts)
	return err
}

// DeployVhost sets up vhost on a host. Agents since G10 do not have it
// (zbs.ErrUnsupported): vhost comes with ZStone then, and CheckVhost tells whether it is
// ready.
func (s *Service) DeployVhost(ctx context.Context, command zbs.DeployVhost, opts ...mds.CallOption) error {
	_, err := setUp(ctx, s, command.Host, "deploy vhost on", command, opts)
	return err
}

// DestroyVhost removes vhost from a host. Agents since G10 do not have it
// (zbs.ErrUnsupported).
func (s *Service) DestroyVhost(ctx context.Context, command zbs.DestroyVhost, opts ...mds.CallOption) error {
	_, err := setUp(ctx, s, command.Host, "destroy vhost on", command, opts)
	return err
}

// CreateBdev makes a volume a vhost block device on a host. The host has the volume open
// until DeleteBdev. zbs.BdevName names the device as ZStack does. The error also wraps
// ErrNotFound when the volume does not exist.
func (s *Service) CreateBdev(ctx context.Context, command zbs.CreateBdev, opts ...mds.CallOption) (zbs.Bdev, error) {
	if err := command.Validate(); err != nil {
		return zbs.Bdev{}, err
	}
	if _, err := s.Query(ctx, zbs.Path{Pool: command.LogicalPool, Volume: command.Volume}); err != nil {
		return zbs.Bdev{}, fmt.Errorf("create bdev %s on %s: %w", command.Bdev, command.Host.IP, err)
	}
	return setUp(ctx, s, command.Host, "create bdev "+command.Bdev+" on", command, opts)
}

// DeleteBdev removes a vhost block device from a host, which closes its volume.
func (s *Service) DeleteBdev(ctx context.Context, command zbs.DeleteBdev, opts ...mds.CallOption) error {
	_, err := setUp(ctx, s, command.Host, "delete bdev "+command.Bdev+" on", command, opts)
	return err
}

func setUp[R any](ctx context.Context, s *Service, host zbs.HostAccess, what string, command zbs.Command[R], opts []mds.CallOption) (R, error) {
	all := []mds.CallOption{mds.TryNext(), mds.Timeout(SetupTimeout), mds.RouteKey(host.IP)}
	answer, err := mds.Call(ctx, s.caller, command, append(all, opts...)...)
	if err != nil {
		err = fmt.Errorf("%s %s: %w", what, host.IP, err)
	}
	return answer, err
}

// CheckVhost returns nil when the vhost target of a host is ready. Agents since G10
// can tell, and need only the host's address; the access is sent if host has it. An
// agent takes about 20 s to say no. The error is then a *mds.CallError with its
// *zbs.AgentError, and no other MDS is asked. Each attempt takes at most CheckTimeout.
//
// Errors wrap zbs.ErrInvalidCommand or zbs.ErrInvalidName (nothing is sent),
// zbs.ErrUnsupported when an agent does not have it, or are a *mds.CallError. It
// changes nothing.
func (s *Service) CheckVhost(ctx context.Context, host zbs.HostAccess, opts ...mds.CallOption) error {
	all := []mds.CallOption{mds.TryNext(), mds.RefusalStops(), mds.Timeout(CheckTimeout), mds.RouteKey(host.IP)}
	if _, err := mds.Call(ctx, s.caller, zbs.CheckVhost{Host: host}, append(all, opts...)...); err != nil {
		return fmt.Errorf("check vhost on %s: %w", host.IP, err)
	}
	return nil
}

// VhostHealth reports whether the vhost target of a host runs. Agents since G10 can
// tell. Errors are as CheckVhost's; with one the result means nothing.
func (s *Service) VhostHealth(ctx context.Context, hostIP string, opts ...mds.CallOption) (running bool, err error) {
	health, err := mds.Call(ctx, s.caller, zbs.GetVhostHealth{HostIP: hostIP}, readOptions(s.caller, opts, mds.RouteKey(hostIP))...)
	if err != nil {
		return false, fmt.Errorf("vhost health of %s: %w", hostIP, err)
	}
	return *health.Running, nil
}

// ResourceUsage asks one MDS what the storage's processes use on its node, by cgroup
// (zbs.CgroupShare and its like). Without cgroups it asks for all known ones. A cgroup
// that does not run there is missing.
//
// Errors wrap zbs.ErrInvalidCommand (nothing is sent), mds.ErrNoCandidates for
// an MDS that the Caller does not have, or are a *mds.CallError.
func (s *Service) ResourceUsage(ctx context.Context, addr zbs.Addr, cgroups ...string) (zbs.ResourceUsage, error) {
	if len(cgroups) == 0 {
		cgroups = []string{zbs.CgroupShare, zbs.CgroupChunkServer, zbs.CgroupVhost}
	}
	usage, err := mds.Call(ctx, s.caller, zbs.GetResourceUsage{Cgroups: cgroups}, readOptions(s.caller, nil, mds.Target(addr))...)
	if err != nil {
		return usage, fmt.Errorf("resource usage of %s: %w", addr, err)
	}
	return usage, nil
}
