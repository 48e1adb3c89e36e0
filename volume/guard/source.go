package guard

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

// HostSource tells which hosts may open volumes. Hosts (a literal) is one, packages
// hostfile and zstackhosts have others, and a program may have its own. It must name
// every host that can reach the storage: a Guard can only miss hosts that it knows.
//
// A Guard calls Hosts once for each check or batch of checks, from several goroutines at
// a time, and waits 10 seconds for it. An error, or no host at all, makes the check
// Unknown.
type HostSource interface {
	Hosts(ctx context.Context) ([]Host, error)
}

// inventories reads a HostSource, and keeps the last inventory. Reports share it as long
// as the hosts do not change.
type inventories struct {
	source HostSource

	mu   sync.Mutex // guards last
	last *proof.Inventory
	from []Host
}

// read returns the inventory of the hosts by now, nil without hosts.
func (i *inventories) read(ctx context.Context) (*proof.Inventory, error) {
	if i.source == nil {
		return nil, nil
	}
	hosts, err := i.ask(ctx)
	if err != nil || len(hosts) == 0 {
		return nil, err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.last != nil && reflect.DeepEqual(hosts, i.from) {
		return i.last, nil
	}
	hosts = cloned(hosts)
	inventory, err := proof.NewInventory(hosts)
	if err != nil {
		return nil, err
	}
	i.last, i.from = inventory, hosts
	return inventory, nil
}

// sourceTimeout bounds one reading of the hosts: a database that hangs must not
// hang a check.
const sourceTimeout = 10 * time.Second

// ask reads the source. It does not wait for a source that ignores its context.
func (i *inventories) ask(ctx context.Context) ([]Host, error) {
	type result struct {
		hosts []Host
		err   error
	}
	results := make(chan result, 1)
	ctx, cancel := context.WithTimeout(ctx, sourceTimeout)
	defer cancel()
	go func() {
		hosts, err := i.source.Hosts(ctx)
		results <- result{hosts, err}
	}()
	select {
	case r := <-results:
		return r.hosts, r.err
	case <-ctx.Done():
		return nil, fmt.Errorf("the hosts could not be read within %v: %w", sourceTimeout, ctx.Err())
	}
}

// cloned returns a deep copy of the hosts: the source may change its own, and an inventory
// never changes.
func cloned(hosts []Host) []Host {
	hosts = slices.Clone(hosts)
	for i := range hosts {
		h := &hosts[i]
		h.Addrs, h.Pools, h.Open = slices.Clone(h.Addrs), slices.Clone(h.Pools), slices.Clone(h.Open)
	}
	return hosts
}

// nameHosts replaces addresses in the terms by the names of their hosts. A host that is
// not in the inventory is an error: a mistyped name would allow or fence no host.
func nameHosts(terms *proof.Terms, inventory *proof.Inventory) error {
	var errs []error
	terms.Allowed, terms.Fences = slices.Clone(terms.Allowed), slices.Clone(terms.Fences)
	for k, name := range terms.Allowed {
		if i, ok := inventory.Find(name); ok {
			terms.Allowed[k] = inventory.At(i).Name
		} else if _, addr := proof.HostAddr(name); inventory.Len() > 0 || !addr {
			errs = append(errs, invalid("allowed host %q is not in the inventory (%s)", name, known(inventory)))
		}
	}
	for k, fence := range terms.Fences {
		if i, ok := inventory.Find(fence.Host); ok {
			terms.Fences[k].Host = inventory.At(i).Name
		} else {
			errs = append(errs, invalid("fenced host %q is not in the inventory (%s)", fence.Host, known(inventory)))
		}
	}
	slices.Sort(terms.Allowed)
	terms.Allowed = slices.Compact(terms.Allowed)
	return errors.Join(errs...)
}

// known returns the names of the first hosts of an inventory.
func known(inventory *proof.Inventory) string {
	const most = 8
	var names []string
	for i := range min(inventory.Len(), most) {
		names = append(names, inventory.At(i).Name)
	}
	switch n := inventory.Len(); {
	case n == 0:
		return "it has no hosts"
	case n > most:
		return fmt.Sprintf("%s and %d more", strings.Join(names, ", "), n-most)
	}
	return strings.Join(names, ", ")
}
