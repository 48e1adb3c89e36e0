package cli

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/zbsclient/zbsclient/internal/guardconfig"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/zbs"
)

// askedAtOnce bounds how many volumes are asked for at the same time: as many
// as an MDS has connections for us.
const askedAtOnce = mds.DefaultConnections

// cluster is the MDS that the user named, and what can be done with their
// volumes.
type cluster struct {
	*mds.Caller
	*volume.Service
	guard *guardconfig.Guarded // nil for a command without one
}

// withCluster hands do the cluster that flags, environment and configuration
// describe.
func (a *app) withCluster(do func(cluster) error, opts ...volume.Option) error {
	caller, err := a.caller()
	if err != nil {
		return err
	}
	defer caller.Close()
	return do(cluster{caller, volume.NewService(caller, opts...), nil})
}

// withGuard is withCluster with the Guard that the command's flags and the context
// describe. A mistake in these is found before anything is sent.
func (a *app) withGuard(ctx context.Context, do func(cluster) error, opts ...volume.Option) error {
	if a.guarding == nil || a.guarding.unneeded() {
		return a.withCluster(do, opts...)
	}
	s, err := a.settings()
	if err != nil {
		return err
	}
	config, err := a.guarding.over(s.guard)
	if err != nil {
		return err
	}
	caller, err := a.callerOf(s)
	if err != nil {
		return err
	}
	defer caller.Close()
	guarded, err := config.Open(ctx, caller, a.logger())
	if err != nil {
		return inventoryError(err)
	}
	defer guarded.Close()
	opts = append(opts[:len(opts):len(opts)], volume.WithGuard(guarded.Guard))
	return do(cluster{caller, volume.NewService(caller, opts...), guarded})
}

// askEach asks about each of the keys; the answers stand in their order.
func askEach[K, T any](keys []K, ask func(K) T) []T {
	answers := make([]T, len(keys))
	var group errgroup.Group
	group.SetLimit(askedAtOnce)
	for i, key := range keys {
		group.Go(func() error {
			answers[i] = ask(key)
			return nil
		})
	}
	group.Wait()
	return answers
}

// askPaths checks all paths, and then asks about each.
func askPaths[T any](a *app, args []string, ask func(*volume.Service, zbs.Path) T) (answers []T, err error) {
	paths, err := parseVolumes(args)
	if err != nil {
		return nil, err
	}
	err = a.withCluster(func(c cluster) error {
		answers = askEach(paths, func(path zbs.Path) T { return ask(c.Service, path) })
		return nil
	})
	return answers, err
}

// parseVolumes checks the paths of volumes before anything is asked.
func parseVolumes(args []string) (paths []zbs.Path, err error) {
	paths = make([]zbs.Path, len(args))
	for i, arg := range args {
		if paths[i], err = parseVolume(arg); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

// parseVolume checks the path of a volume.
func parseVolume(arg string) (zbs.Path, error) {
	path, err := zbs.ParsePath(arg)
	if err == nil && path.IsSnapshot() {
		err = fmt.Errorf("%w %q: it names a snapshot, the volume is %s", zbs.ErrInvalidPath, arg, path.OfVolume())
	}
	return path, err
}

// parseSnapshot checks the path of a snapshot.
func parseSnapshot(arg string) (zbs.Path, error) {
	path, err := zbs.ParsePath(arg)
	if err == nil && !path.IsSnapshot() {
		err = fmt.Errorf("%w %q: it names a volume, a snapshot is %s@NAME", zbs.ErrInvalidPath, arg, path)
	}
	return path, err
}

// failed prints the error of one answer; the worst makes the exit code.
func (a *app) failed(err error) {
	a.printError(err)
	a.code = max(a.code, exitCode(err))
}
