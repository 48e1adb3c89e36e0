// Attach is the attach path of a storage plugin. A host gets a volume only when it is
// proved that no other host has it open, and the plugin checks once more afterwards.
// The program needs no cluster: it contains a fake one.
//
//	go run ./examples/attach
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

// plugin attaches volumes. It is safe for concurrent use.
type plugin struct {
	service *volume.Service
	guard   *guard.Guard
}

// attach makes the volume a block device of the host and returns its socket.
// An error matches volume.ErrInUse when another host has the volume open, and
// volume.ErrUndetermined when the Guard cannot tell. In both cases nothing was
// attached, and the volume must not be used.
func (p *plugin) attach(ctx context.Context, path zbs.Path, host zbs.HostAccess) (socket string, err error) {
	report, err := p.guard.Check(ctx, path, guard.AllowHost(host.IP))
	if err != nil {
		return "", fmt.Errorf("attach %s to %s: %w", path, host.IP, err)
	}
	// Slow work belongs before the check, because a report expires.
	if report.Expired() {
		return "", fmt.Errorf("attach %s to %s: the check of %s is too old", path, host.IP, report.ObservedAt)
	}
	bdev, err := p.service.CreateBdev(ctx, zbs.CreateBdev{Host: host, LogicalPool: path.Pool, Volume: path.Volume, Bdev: path.Volume})
	if err != nil {
		return "", err // if it matches mds.ErrAmbiguous, detach before you attach again
	}
	// A Guard reserves nothing: another host may have opened the volume since.
	if _, err := p.guard.Check(ctx, path, guard.AllowHost(host.IP)); err != nil {
		return "", errors.Join(fmt.Errorf("attached %s to %s, and took it back: %w", path, host.IP, err), p.detach(ctx, path, host))
	}
	return bdev.SocketPath, nil
}

func (p *plugin) detach(ctx context.Context, path zbs.Path, host zbs.HostAccess) error {
	return p.service.DeleteBdev(ctx, zbs.DeleteBdev{Host: host, Bdev: path.Volume})
}

func main() {
	if err := demo(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// demo attaches a volume that another host has open, and again once that host
// has closed it.
func demo(ctx context.Context, out io.Writer) error {
	cluster, err := fakemds.Start(3)
	if err != nil {
		return err
	}
	defer cluster.Close()
	path := zbs.Path{Pool: "pool", Volume: "vol-42"}
	cluster.AddVolume(path.String(), "10.0.0.1")
	runMachines(cluster)

	p, closeAll, err := newPlugin(cluster)
	if err != nil {
		return err
	}
	defer closeAll()
	host := zbs.HostAccess{IP: "10.0.0.2", Port: 22, Username: "root", Password: "of the host"}
	for _, state := range []string{"open on kvm-1", "closed"} {
		socket, err := p.attach(ctx, path, host)
		if err != nil {
			fmt.Fprintf(out, "%s: refused: %v\n", state, err)
		} else {
			fmt.Fprintf(out, "%s: attached at %s\n", state, socket)
		}
		cluster.CloseClient(path.String(), "10.0.0.1")
	}
	return nil
}

func newPlugin(cluster *fakemds.Cluster) (*plugin, func() error, error) {
	listener, err := cluster.Listen()
	if err != nil {
		return nil, nil, err
	}
	caller, err := mds.New(cluster.Addrs(), mds.WithDialContext(cluster.DialContext), mds.WithCallbackListener(listener))
	if err != nil {
		return nil, nil, err
	}
	// The clients of the fake register at once. On a real cluster use the default
	// timing.
	g, err := guard.New(caller, hosts,
		guard.WithTiming(guard.Timing{Refresh: 200 * time.Millisecond, LeaderRetry: 300 * time.Millisecond, Span: 250 * time.Millisecond}))
	if err != nil {
		return nil, nil, errors.Join(err, caller.Close())
	}
	return &plugin{volume.NewService(caller), g}, caller.Close, nil
}

// hosts is the inventory: every host that can open a volume, and a volume that is
// known to be open on it. By that volume the Guard notices a host that is cut off
// from the MDS. A manager gives a source that knows what runs where
// (guard.HostSource).
var hosts = guard.Hosts{
	{Name: "kvm-1", Addrs: []netip.Addr{netip.MustParseAddr("10.0.0.1")}, Open: []zbs.Path{{Pool: "pool", Volume: "disk-of-a"}}},
	{Name: "kvm-2", Addrs: []netip.Addr{netip.MustParseAddr("10.0.0.2")}, Open: []zbs.Path{{Pool: "pool", Volume: "disk-of-b"}}},
}

// runMachines opens the volumes that the inventory lists as open.
func runMachines(cluster *fakemds.Cluster) {
	for _, h := range hosts {
		cluster.AddVolume(h.Open[0].String(), h.Addrs[0].String())
	}
}
