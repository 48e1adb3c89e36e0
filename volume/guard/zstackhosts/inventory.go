package zstackhosts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// maintenance is the one state of HostVO in which ZStack runs no machine on a host. In
// PreMaintenance, machines are still being moved away.
const maintenance = "Maintenance"

// inventory builds the hosts.
func (s *Source) inventory(ctx context.Context, snap snapshot) ([]proof.Host, error) {
	names := uniqueNames(snap.hosts)
	tagged, errs := parseTags(snap.tags, names)
	tagged.dropShared(snap.hosts)
	s.logShared(ctx, tagged)
	machines := s.machinesByHost(ctx, snap.machines)
	hosts := make(proof.Hosts, 0, len(snap.hosts))
	for _, row := range snap.hosts {
		host := proof.Host{Name: names[row.uuid], Open: machines[row.uuid].open}
		addrs, err := hostAddrs(row, host.Name, tagged.addrs[row.uuid])
		errs = append(errs, err)
		host.Addrs = addrs
		host.State = s.state(ctx, row, host.Name, machines[row.uuid])
		hosts = append(hosts, host)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if err := hosts.Validate(); err != nil {
		return nil, fmt.Errorf("hosts in ZStack's database: %w", err)
	}
	slices.SortFunc(hosts, func(a, b proof.Host) int { return cmp.Compare(a.Name, b.Name) })
	return hosts, nil
}

// uniqueNames returns a unique name for each host, by uuid.
func uniqueNames(hosts []hostRow) map[string]string {
	count := make(map[string]int)
	for _, host := range hosts {
		count[host.name]++
	}
	names := make(map[string]string)
	for _, host := range hosts {
		switch {
		case host.name == "":
			names[host.uuid] = host.uuid
		case count[host.name] > 1:
			names[host.uuid] = fmt.Sprintf("%s (%.8s)", host.name, host.uuid)
		default:
			names[host.uuid] = host.name
		}
	}
	return names
}

// state returns Maintenance only if no machine is left on the host.
func (s *Source) state(ctx context.Context, row hostRow, name string, on machines) proof.HostState {
	switch {
	case row.state != maintenance:
		return proof.InService
	case on.left == "":
		return proof.Maintenance
	default:
		s.logger.LogAttrs(ctx, slog.LevelWarn, "host in maintenance still has a machine and counts as in service",
			slog.String("host", name), slog.String("machine", on.left))
		return proof.InService
	}
}

// machines holds the machines of a host.
type machines struct {
	left string     // uuid of a machine that may run there; empty if there is none
	open []zbs.Path // volumes, the likeliest to be open first
}

var (
	// opened are the states of a machine whose disks may be open on its host, the
	// likeliest first.
	opened = []string{
		"Running", "Paused", "Pausing", "Resuming", "Migrating", "VolumeRecovering",
		"Rebooting", "Stopping",
		"Unknown",
	}
	// ended are the states of a machine that has no process, even if ZStack still
	// names a host. In any other state, including those of a newer ZStack, it may
	// have one.
	ended = []string{"Created", "Stopped", "Destroyed", "Expunging"}
)

// machinesByHost collects machines by the uuid of their host.
func (s *Source) machinesByHost(ctx context.Context, rows []machineRow) map[string]machines {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b machineRow) int {
		return cmp.Compare(slices.Index(opened, a.state), slices.Index(opened, b.state))
	})
	byHost := make(map[string]machines)
	for _, row := range rows {
		on := byHost[row.host]
		if on.left == "" && !slices.Contains(ended, row.state) {
			on.left = row.machine
		}
		if row.path != "" && slices.Contains(opened, row.state) {
			on.open = s.appendVolume(ctx, on.open, row)
		}
		byHost[row.host] = on
	}
	return byHost
}

// appendVolume appends the path of a row if it names a volume.
func (s *Source) appendVolume(ctx context.Context, open []zbs.Path, row machineRow) []zbs.Path {
	path, err := zbs.ParsePath(row.path)
	switch {
	case err != nil:
		s.logger.LogAttrs(ctx, slog.LevelWarn, "open volume skipped",
			slog.String("machine", row.machine), slog.Any("error", err))
		return open
	case path.IsSnapshot():
		return open
	default:
		return append(open, path)
	}
}
