package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/zbs"
)

// volumeClients are the clients of one volume, as the MDS list them.
type volumeClients struct {
	list  volume.ClientList
	took  time.Duration
	err   error
	lists []mdsList // of each MDS, when the first list is empty
}

// mdsList is the list of one MDS, and how that MDS is.
type mdsList struct {
	mds     zbs.Addr
	clients []zbs.Client
	attempt string
	took    time.Duration
	err     error
	health  mds.Health
}

// emptyListTimeout bounds each query that follows an empty list.
const emptyListTimeout = 5 * time.Second

// askClients asks which clients have the volume open. The first list with a client
// is the answer. An empty list is not: all other MDS are asked, too.
func (c cluster) askClients(ctx context.Context, path zbs.Path, opts []mds.CallOption) volumeClients {
	start := time.Now()
	v := volumeClients{}
	v.list, v.err = c.Clients(ctx, path, opts...)
	if v.err == nil && len(v.list.Clients) == 0 {
		v.askAll(ctx, c, time.Since(start))
	}
	v.took = time.Since(start)
	return v
}

// askAll asks the other MDS for their lists, each MDS for its state, and whether the
// volume exists.
func (v *volumeClients) askAll(ctx context.Context, c cluster, first time.Duration) {
	bound := mds.Timeout(min(emptyListTimeout, c.AttemptTimeout()))
	v.lists = make([]mdsList, len(c.Addrs()))
	var missing error
	var wg sync.WaitGroup
	wg.Go(func() { _, missing = c.Query(ctx, v.list.Path, bound) })
	for i, addr := range c.Addrs() {
		l := &v.lists[i]
		l.mds = addr
		wg.Go(func() { l.health = mds.ProbeOne(ctx, c.Caller, addr, bound) })
		if addr == v.list.MDS {
			l.took, l.attempt = first, attemptsLine(v.list.Trace)
			continue
		}
		wg.Go(func() {
			start := time.Now()
			list, err := c.Clients(ctx, v.list.Path, mds.Target(addr), bound)
			l.clients, l.err, l.took, l.attempt = list.Clients, err, time.Since(start), attemptsLine(list.Trace)
		})
	}
	wg.Wait()
	if errors.Is(missing, volume.ErrNotFound) && len(v.all()) == 0 {
		v.err = fmt.Errorf("clients of %s: %w: there is no such volume", v.list.Path, volume.ErrNotFound)
	}
}

// all returns each client that some MDS lists.
func (v volumeClients) all() []zbs.Client {
	all := slices.Clone(v.list.Clients)
	for _, l := range v.lists {
		for _, client := range l.clients {
			if !slices.Contains(all, client) {
				all = append(all, client)
			}
		}
	}
	return all
}

// attemptsLine shows each attempt with how long it took.
func attemptsLine(trace mds.Trace) string {
	parts := make([]string, len(trace.Attempts))
	for i, attempt := range trace.Attempts {
		parts[i] = fmt.Sprintf("%s (%s)", attempt, term.Took(attempt.Duration))
	}
	return strings.Join(parts, "; ")
}
