package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/zbs"
)

// volumeClients is the answer for one volume.
type volumeClients struct {
	list  volume.ClientList
	took  time.Duration
	err   error
	lists []mdsList // of every MDS, when the first list was empty
}

// mdsList is what one MDS says of a volume, and how that MDS is.
type mdsList struct {
	mds     zbs.Addr
	clients []zbs.Client
	attempt string
	took    time.Duration
	err     error
	health  mds.Health
}

// closerLook bounds each question that is asked only because a list was empty.
const closerLook = 5 * time.Second

// askClients asks who has the volume open. An MDS that lists a client has the last
// word; when the first lists nobody, all are asked.
func (c cluster) askClients(ctx context.Context, path zbs.Path, opts []mds.CallOption) volumeClients {
	start := time.Now()
	v := volumeClients{}
	v.list, v.err = c.Clients(ctx, path, opts...)
	if v.err == nil && len(v.list.Clients) == 0 {
		v.lookCloser(ctx, c, time.Since(start))
	}
	v.took = time.Since(start)
	return v
}

// lookCloser asks the other MDS for the volume, all for how they are, and whether
// the volume exists.
func (v *volumeClients) lookCloser(ctx context.Context, c cluster, first time.Duration) {
	bound := mds.Timeout(min(closerLook, c.AttemptTimeout()))
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

// all are the clients that any MDS lists, each once.
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

// emptiness says what an MDS that lists nobody is worth.
func (l mdsList) emptiness() cell {
	switch state := stateOf(l.health).text; {
	case l.err != nil:
		return cell{"no answer", red}
	case state == "unsynced":
		return cell{"none listed, unsynced", red}
	case state != "serving":
		return cell{"none listed, " + state, red}
	}
	return cell{"none listed", yellow}
}
