package volume

import (
	"context"
	"fmt"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// The operations on hosts are sent as they are: an agent logs in to the host and
// works there, and writes the password into its own log in clear, which this
// library cannot prevent. It keeps it out of errors and logs of its own, also
// where an agent's answer repeats it.
//
// Their errors wrap zbs.ErrInvalidCommand, zbs.ErrInvalidName or
// zbs.ErrInvalidPath (nothing is sent), mds.ErrAmbiguous (the host may be in any
// state between; each can be repeated), or are a *mds.WalkError with the agent's
// refusal. Each attempt takes at most SetupTimeout.

// DeployClient installs the storage's client on a host.
func (s *Service) DeployClient(ctx context.Context, command zbs.DeployClient, opts ...mds.CallOption) error {
	_, err := setUp(ctx, s, command.Host, "deploy client on", command, opts)
	return err
}

// DeployVhost sets up vhost on a host.
func (s *Service) DeployVhost(ctx context.Context, command zbs.DeployVhost, opts ...mds.CallOption) error {
	_, err := setUp(ctx, s, command.Host, "deploy vhost on", command, opts)
	return err
}

// DestroyVhost takes vhost off a host.
func (s *Service) DestroyVhost(ctx context.Context, command zbs.DestroyVhost, opts ...mds.CallOption) error {
	_, err := setUp(ctx, s, command.Host, "destroy vhost on", command, opts)
	return err
}

// CreateBdev makes a volume a vhost block device on a host, which then has it
// open. The error wraps ErrNotFound, too, when the volume does not exist.
func (s *Service) CreateBdev(ctx context.Context, command zbs.CreateBdev, opts ...mds.CallOption) (zbs.Bdev, error) {
	if err := command.Validate(); err != nil {
		return zbs.Bdev{}, err
	}
	if _, err := s.Query(ctx, zbs.Path{Pool: command.LogicalPool, Volume: command.Volume}); err != nil {
		return zbs.Bdev{}, fmt.Errorf("create bdev %s on %s: %w", command.Bdev, command.Host.IP, err)
	}
	return setUp(ctx, s, command.Host, "create bdev "+command.Bdev+" on", command, opts)
}

// DeleteBdev takes a vhost block device off a host, which then has its volume
// closed.
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

// ResourceUsage asks one MDS what the storage's processes use on its node: those
// of the cgroups (zbs.CgroupShare and its like), or of all known ones when none
// is named. Cgroups that do not run there are missing.
//
// Errors wrap zbs.ErrInvalidCommand (nothing is sent), mds.ErrNoCandidates for
// an MDS that the Caller does not have, or are a *mds.WalkError.
func (s *Service) ResourceUsage(ctx context.Context, addr zbs.Addr, cgroups ...string) (zbs.ResourceUsage, error) {
	if len(cgroups) == 0 {
		cgroups = []string{zbs.CgroupShare, zbs.CgroupChunkServer, zbs.CgroupVhost}
	}
	usage, err := mds.Call(ctx, s.caller, zbs.GetResourceUsage{Cgroups: cgroups}, s.queryOptions(nil, mds.Target(addr))...)
	if err != nil {
		return usage, fmt.Errorf("resource usage of %s: %w", addr, err)
	}
	return usage, nil
}
