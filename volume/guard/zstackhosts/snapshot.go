package zstackhosts

import (
	"context"
	"database/sql"
	"fmt"
)

// snapshot is what one transaction reads.
type snapshot struct {
	hosts    []hostRow
	tags     []tagRow // of all hosts of the database
	machines []machineRow
}

// hostRow is a row of HostVO.
type hostRow struct {
	uuid, name, managementIP, state string
}

// tagRow is a row of SystemTagVO.
type tagRow struct {
	host, tag string
}

// machineRow is a machine on a host with one of its volumes. A machine without a
// zbs:// volume has one row, whose path is empty.
type machineRow struct {
	host, machine, state, path string
}

const (
	selectHosts = `SELECT h.uuid, h.name, h.managementIp, h.state FROM HostVO h`

	// ofStorage selects the hosts of the clusters that have a primary storage attached.
	ofStorage = ` WHERE h.clusterUuid IN` +
		` (SELECT r.clusterUuid FROM PrimaryStorageClusterRefVO r WHERE r.primaryStorageUuid = ?)`

	selectTags = `SELECT t.resourceUuid, t.tag FROM SystemTagVO t INNER JOIN HostVO h ON h.uuid = t.resourceUuid` +
		` WHERE t.tag LIKE '` + tagPrefix + `%' ORDER BY t.resourceUuid, t.tag`

	// selectMachines has the condition on volumes inside the join: outside of it, the
	// condition would drop the machines that have no such volume.
	selectMachines = `SELECT m.hostUuid, m.uuid, m.state, v.installPath FROM VmInstanceVO m` +
		` LEFT JOIN VolumeVO v ON v.vmInstanceUuid = m.uuid AND v.installPath LIKE 'zbs://%%'%s` +
		` WHERE m.hostUuid IS NOT NULL ORDER BY m.uuid, v.installPath`
	volumeOfStorage = ` AND v.primaryStorageUuid = ?`
)

// read selects everything in one read-only transaction, which sees one snapshot. In
// SQLite every transaction sees one.
func (s *Source) read(ctx context.Context) (snapshot, error) {
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return snapshot{}, fmt.Errorf("begin to read ZStack's database: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // it wrote nothing
	hosts, machines := selectHosts, fmt.Sprintf(selectMachines, "")
	var args []any
	if s.storage != "" {
		hosts, machines = selectHosts+ofStorage, fmt.Sprintf(selectMachines, volumeOfStorage)
		args = []any{s.storage}
	}
	var all snapshot
	if all.hosts, err = collect(ctx, tx, scanHost, hosts, args...); err != nil {
		return snapshot{}, fmt.Errorf("read HostVO: %w", err)
	}
	if all.tags, err = collect(ctx, tx, scanTag, selectTags); err != nil {
		return snapshot{}, fmt.Errorf("read SystemTagVO: %w", err)
	}
	if all.machines, err = collect(ctx, tx, scanMachine, machines, args...); err != nil {
		return snapshot{}, fmt.Errorf("read VmInstanceVO and VolumeVO: %w", err)
	}
	return all, nil
}

// collect returns all rows of a query, or no rows and an error.
func collect[T any](ctx context.Context, tx *sql.Tx, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	result, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer result.Close()
	var all []T
	for result.Next() {
		row, err := scan(result)
		if err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	if err := result.Err(); err != nil {
		return nil, err
	}
	return all, nil
}

func scanHost(r *sql.Rows) (hostRow, error) {
	var (
		row               hostRow
		name, addr, state sql.NullString
	)
	err := r.Scan(&row.uuid, &name, &addr, &state)
	row.name, row.managementIP, row.state = name.String, addr.String, state.String
	return row, err
}

func scanTag(r *sql.Rows) (row tagRow, err error) {
	err = r.Scan(&row.host, &row.tag)
	return row, err
}

func scanMachine(r *sql.Rows) (machineRow, error) {
	var (
		row         machineRow
		state, path sql.NullString
	)
	err := r.Scan(&row.host, &row.machine, &state, &path)
	row.state, row.path = state.String, path.String
	return row, err
}
