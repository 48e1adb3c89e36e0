package zstackhosts

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// tagPrefix is the prefix of the tag that has the further addresses of a host.
const tagPrefix = "extraips::"

// tagged holds the addresses in the tags of hosts, by uuid.
type tagged struct {
	addrs  map[string][]netip.Addr
	owners map[netip.Addr][]string
}

// parseTags reads the tags of all hosts of the database. It returns the mistakes of the
// hosts in names only, because the other hosts are not part of the inventory.
func parseTags(tags []tagRow, names map[string]string) (tagged, []error) {
	var errs []error
	t := tagged{addrs: make(map[string][]netip.Addr), owners: make(map[netip.Addr][]string)}
	for _, row := range tags {
		// The database ignores case, so the prefix is cut by its length.
		for text := range strings.SplitSeq(row.tag[len(tagPrefix):], ",") {
			addr, err := parseAddr(text)
			name, named := names[row.host]
			switch {
			case err != nil && named:
				errs = append(errs, fmt.Errorf("host %s: tag %q: %w", name, row.tag, err))
			case err == nil && !slices.Contains(t.owners[addr], row.host):
				t.owners[addr] = append(t.owners[addr], row.host)
				t.addrs[row.host] = append(t.addrs[row.host], addr)
			}
		}
	}
	return t, errs
}

// dropShared removes the addresses that several hosts have. It keeps a management
// address: if another host has it too, one of the two cannot be recognised, and
// Validate refuses that.
func (t tagged) dropShared(hosts []hostRow) {
	for _, host := range hosts {
		if addr, err := parseAddr(host.managementIP); err == nil {
			delete(t.owners, addr)
		}
	}
	maps.DeleteFunc(t.owners, func(_ netip.Addr, hosts []string) bool { return len(hosts) < 2 })
	for host, addrs := range t.addrs {
		t.addrs[host] = slices.DeleteFunc(addrs, func(addr netip.Addr) bool { return t.owners[addr] != nil })
	}
}

// logShared logs the addresses that were dropped, with the uuids of their hosts.
func (s *Source) logShared(ctx context.Context, t tagged) {
	for _, addr := range slices.SortedFunc(maps.Keys(t.owners), netip.Addr.Compare) {
		s.logger.LogAttrs(ctx, slog.LevelDebug, "address of several hosts dropped",
			slog.String("addr", addr.String()), slog.Any("hosts", t.owners[addr]))
	}
}

// hostAddrs returns the management address of a host and its further ones.
func hostAddrs(row hostRow, name string, further []netip.Addr) ([]netip.Addr, error) {
	management, err := parseAddr(row.managementIP)
	if err != nil {
		return nil, fmt.Errorf("host %s: managementIp: %w", name, err)
	}
	addrs := []netip.Addr{management}
	for _, addr := range further {
		if addr != management {
			addrs = append(addrs, addr)
		}
	}
	return addrs, nil
}

// parseAddr returns an address in the form that the proof compares.
func parseAddr(text string) (netip.Addr, error) {
	addr, err := netip.ParseAddr(strings.TrimSpace(text))
	if err != nil {
		return netip.Addr{}, fmt.Errorf("%q is no IP address", text)
	}
	return addr.WithZone("").Unmap(), nil
}
