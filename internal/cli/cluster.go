package cli

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/zbsclient/zbsclient/internal/guardconfig"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
)

// cluster is an open target: what a command calls.
type cluster struct {
	*mds.Caller
	*volume.Service
	guard    *guardconfig.Guarded // nil for a command without a Guard
	progress *progress            // nil when it is not shown
}

// withCluster calls do with the cluster that flags, environment and configuration
// file describe, and closes it afterwards.
func (t *target) withCluster(do func(cluster) error, opts ...volume.Option) error {
	s, err := t.settings()
	if err != nil {
		return err
	}
	p := t.progress()
	caller, err := t.caller(s, p)
	if err != nil {
		return err
	}
	defer caller.Close()
	return do(cluster{caller, volume.NewService(caller, opts...), nil, p})
}

// withGuard is withCluster with the Guard that the command's flags and the context
// describe. It finds mistakes in these before it sends anything. flags may be nil,
// for a command without a Guard.
func (t *target) withGuard(ctx context.Context, flags *guardFlags, do func(cluster) error, opts ...volume.Option) error {
	if flags == nil || flags.unneeded() {
		return t.withCluster(do, opts...)
	}
	s, err := t.settings()
	if err != nil {
		return err
	}
	config, err := flags.over(s.guard)
	if err != nil {
		return err
	}
	p := t.progress()
	caller, err := t.caller(s, p)
	if err != nil {
		return err
	}
	defer caller.Close()
	guarded, err := config.Open(ctx, caller, t.logger())
	if err != nil {
		return inventoryError(err)
	}
	defer guarded.Close()
	opts = append(opts[:len(opts):len(opts)], volume.WithGuard(guarded.Guard))
	return do(cluster{caller, volume.NewService(caller, opts...), guarded, p})
}

// parallelism bounds how many volumes zbsctl works on at the same time: as many as
// it has connections to an MDS.
const parallelism = mds.DefaultConnections

// askEach calls ask for each of the keys, several at the same time. It returns the
// answers in the order of the keys.
func askEach[K, T any](keys []K, ask func(K) T) []T {
	answers := make([]T, len(keys))
	var group errgroup.Group
	group.SetLimit(parallelism)
	for i, key := range keys {
		group.Go(func() error {
			answers[i] = ask(key)
			return nil
		})
	}
	group.Wait()
	return answers
}
