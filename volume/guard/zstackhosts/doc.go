// Package zstackhosts takes the inventory of hosts from ZStack's own database,
// through any driver of database/sql; it imports none.
//
//	db, err := sql.Open("mysql", dsn)
//	...
//	source, err := zstackhosts.New(db, zstackhosts.PrimaryStorage(uuid))
//	...
//	hosts, err := source.Hosts(ctx)
//
// A [Source] only reads, and reads all in one transaction, so that hosts and open
// volumes are of the same moment. Any error means no hosts at all.
//
// # Hosts
//
// HostVO(uuid, name, managementIp, state, clusterUuid) has a row per host of any
// hypervisor.
//
//  1. A host is called by its ZStack name. If several hosts have the name, each is
//     called NAME (UUID), with the first 8 characters of its uuid.
//  2. A host whose state is Maintenance is [proof.Maintenance], unless a machine is
//     still assigned to it: then something was not moved away. A host of any other
//     state is in service.
//  3. The pools of a host are unknown here, so all count as attached.
//
// # Addresses
//
// A host has its managementIp, and each address of its tags 'extraips::A,B' in
// SystemTagVO(resourceUuid, tag). ZStack fills the tag with nearly every address it
// finds on the host.
//
//  1. An address that cannot be read is an error that names host and tag, since a
//     host cannot be recognized by an address that is missing.
//  2. An address in the tags of several hosts, such as a Docker bridge or a floating
//     address, tells them not apart and is dropped from all. If an MDS lists it, the
//     client belongs to no host, which never makes a volume free.
//  3. A managementIp that another host has too is an error that names both.
//
// # Open volumes
//
// VolumeVO(installPath, vmInstanceUuid, primaryStorageUuid) names the disks of the
// machines in VmInstanceVO(uuid, hostUuid, state). A disk counts as open on a host if
// its path is zbs:// and a machine is there in one of these states:
//
//   - Running, Paused, Pausing, Resuming, Migrating and VolumeRecovering: a process
//     on the host holds the disks. A machine that migrates has them open on its
//     source, which ZStack names until the end, and soon on its destination too.
//   - Rebooting and Stopping: the process may be about to end.
//   - Unknown: ZStack has lost sight of the host or the machine, whose process often
//     still runs. Such a host has no other machines that could prove it.
//
// They are asked about in this order. A wrong entry costs a question and proves
// nothing, so the list is generous. Starting, Crashed and Destroying are left out:
// their disks are not open yet, or no longer, or are being deleted.
//
// A path that cannot be parsed is skipped and logged, see [WithLogger]. So is,
// silently, a snapshot. Shareable volumes are not looked up: ZStack keeps their
// machines in ShareableVolumeVmInstanceRefVO, and they are open on several hosts.
package zstackhosts
