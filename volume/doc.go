// Package volume does what a storage plugin needs: it queries and changes volumes,
// snapshots, exports and hosts. One broken MDS does not stop it, and it never takes an
// answer for more than it proves.
//
//	caller, err := mds.New([]string{"mds-a", "mds-b", "mds-c"})
//	service := volume.NewService(caller)
//	path, err := zbs.ParsePath("zbs://pool/volume")
//	list, err := service.Clients(ctx, path)
//	if err != nil {
//		return err // unknown, which is not the same as no clients
//	}
//
// # What an empty client list means
//
// Nothing by itself. An agent answers success and no clients if the volume is closed,
// and also
//
//   - until it got metadata/sync after its start,
//   - on a storage that is too old to list clients,
//   - for a volume that does not exist or is remote,
//   - for a path it misreads, which Service never sends,
//   - while the storage's registry refills after a change of its leader.
//
// A client that is listed has the volume open, or had it a moment ago.
//
// # Before a volume is opened on another host
//
// Package guard proves that no other host has it open, or says that it cannot.
//
// # Changes
//
// Create, Delete, Expand, Clone, Copy, Flatten, snapshots, Rollback and exports
// each make one change. They avoid the traps of the agents (docs/traps.md), and end in
// one of these ways:
//
//   - nil: the change is done, as far as an MDS can tell.
//   - ErrNotFound, ErrExists, ErrSizeDiffers, ErrInUse, ErrUndetermined,
//     ErrNotReleased, ErrNoGuard, an error of package zbs: nothing was changed, unless
//     the error matches ErrNotAsAsked, too.
//   - ErrNotDone: an attempt may have run, but a query shows that the change has not
//     happened, and no MDS still works on it. It can be repeated.
//   - ErrNotAsAsked: the storage was changed, but not as requested. The error says what
//     it has now. It matches mds.ErrAmbiguous, too.
//   - mds.ErrAmbiguous: the change may have happened, or may happen later. The
//     documentation of each change says what to look at before it is repeated. An agent
//     that may run a repeated task again causes this error, never ErrNotDone
//     (mds.CallError.Drained).
//   - a *mds.CallError that is none of these: no MDS could be reached, or the agent
//     refused and says why.
//
// A Service believes an answer of success if it names the requested volume and has
// possible sizes. Otherwise it queries the storage before it returns.
//
// A command that must not run twice goes to another MDS only if the first provably did
// not get it.
//
// # Changes that harm a host with the volume open
//
// Delete, Rollback and ExportNBD of a volume need a Guard:
//
//	service := volume.NewService(caller, volume.WithGuard(g)) // g from guard.New
//
// A Service without one refuses them (ErrNoGuard) unless Release.Force is set. It sends
// each of their requests within the validity of a verdict. If an MDS hangs and the
// verdict expires, the Service checks the volume again before it asks the next MDS.
// Rollback and ExportNBD stop instead when the request may have run.
package volume
