// Package zstackhosts reads the inventory of hosts from ZStack's own database. It works
// with any driver of database/sql, and imports none.
//
//	db, err := sql.Open("mysql", dsn)
//	...
//	source, err := zstackhosts.New(db, zstackhosts.PrimaryStorage(uuid))
//	...
//	hosts, err := source.Hosts(ctx)
//
// A [Source] only reads. It reads everything in one transaction, so hosts and open
// volumes are of the same moment. If there is an error, it returns no hosts at all.
//
// # Hosts
//
// HostVO(uuid, name, managementIp, state, clusterUuid) has a row per host of any
// hypervisor.
//
//  1. A host has its ZStack name. If several hosts have the same name, each is called
//     NAME (UUID), with the first 8 characters of its uuid.
//  2. A host whose state is Maintenance is [proof.Maintenance]. If a machine is still
//     assigned to it, it is in service, because not all machines were moved away. A
//     host of any other state is in service.
//  3. The database does not have the pools of a host, so all count as attached.
//
// # Addresses
//
// The addresses of a host are its managementIp and those in its tags 'extraips::A,B'
// of SystemTagVO(resourceUuid, tag). ZStack fills the tag with nearly every address
// that it finds on the host.
//
//  1. An address that cannot be read is an error that names host and tag. If it were
//     left out, the host could not be recognised by it.
//  2. An address in the tags of several hosts, such as a Docker bridge or a floating
//     address, does not identify a host, so it is dropped from all of them. If an MDS
//     lists it, the client belongs to no host, which never makes a volume free.
//  3. A managementIp that another host has too is an error that names both.
//
// # Open volumes
//
// VolumeVO(installPath, vmInstanceUuid, primaryStorageUuid) names the disks of the
// machines in VmInstanceVO(uuid, hostUuid, state). A disk counts as open on a host if
// its path begins with zbs:// and its machine is on the host in one of these states:
//
//   - Running, Paused, Pausing, Resuming, Migrating and VolumeRecovering: a process
//     on the host holds the disks. A migrating machine has them open on its source
//     host, which ZStack names until the end, and soon on its destination, too.
//   - Rebooting and Stopping: the process may be about to end.
//   - Unknown: ZStack has lost sight of the host or the machine, and the process often
//     still runs. Such a host has no other machines that could prove it.
//
// The Guard asks about the disks in this order. A wrong entry costs one query and
// proves nothing, so the list is generous. It leaves out Starting, Crashed and
// Destroying, because their disks are not open yet, no longer open, or being deleted.
//
// A path that cannot be parsed is skipped and logged, see [WithLogger]. A snapshot is
// skipped without a log entry. Shareable volumes are not read: ZStack keeps their
// machines in ShareableVolumeVmInstanceRefVO, and they are open on several hosts.
package zstackhosts
