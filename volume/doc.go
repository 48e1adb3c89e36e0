// Package volume is what a storage plugin calls: questions about volumes and
// changes to them, made so that a broken MDS does not matter and an answer is
// not mistaken for more than it is.
//
//	caller, err := mds.New([]string{"mds-a", "mds-b", "mds-c"})
//	service := volume.NewService(caller)
//	path, err := zbs.ParsePath("zbs://pool/volume")
//	list, err := service.Clients(ctx, path)
//	if err != nil {
//		return err // cannot tell: not the same as nobody
//	}
//
// # What an empty client list means
//
// Nothing by itself. An agent answers success and no clients when nobody has
// the volume open, and also
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
// Package guard proves that nobody else has it open, or says that it cannot.
//
// # Changes
//
// Create, Delete, Expand, Clone, Copy, Flatten, snapshots, Rollback and exports
// each do one thing, keep out of the traps that agents lay (docs/traps.md), and
// end in one of these ways:
//
//   - nil: it is done, as far as the wire can tell.
//   - ErrNotFound, ErrExists, ErrSizeDiffers, ErrInUse, ErrUndetermined,
//     ErrNotReleased, ErrNoGuard, an error of package zbs: nothing was changed.
//   - ErrNotDone: an attempt may have run, and was looked for: it has not
//     happened, and no MDS is at work on it any more. It can be repeated.
//   - ErrNotAsAsked: it was made, and not as asked; the error says what there is.
//     It matches mds.ErrAmbiguous as well.
//   - mds.ErrAmbiguous: it may have happened, or may happen yet. Look at what the
//     documentation of the change names before it is repeated.
//     Agents that are not known to drop a repeated task end so, never in
//     ErrNotDone (mds.WalkError.Settled).
//   - a *mds.WalkError that is none of these: no MDS could be reached, or the
//     agent refused and says why.
//
// An answer of success is believed if it names what was asked for, with sizes that
// can be; otherwise the storage is queried before anything is returned.
//
// What must not run twice goes to another MDS only if the first provably never
// got it.
//
// # Changes that harm a host with the volume open
//
// Delete, Rollback and ExportNBD of a volume need a Guard:
//
//	service := volume.NewService(caller, volume.WithGuard(guard.New(caller)))
//
// A Service without one refuses them (ErrNoGuard) unless Release.Force is set. Each
// of their requests goes out within the validity of a verdict. When an MDS hangs
// and the verdict expires, the volume is checked again before the next MDS is
// asked.
package volume
