// Package volume is what a storage plugin calls: questions about volumes, asked
// so that a broken MDS does not matter and an answer is not mistaken for more
// than it is.
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
// Guard proves that nobody else has it open, or says that it cannot. Its rules
// are numbered at the type.
//
//	guard := volume.NewGuard(service, volume.MinCanaryHosts(12)) // hosts of the zone
//	report, err := guard.Check(ctx, path, volume.AllowHost("10.0.0.2"))
//	if err != nil {
//		return err // in use, or nobody knows: errors.Is ErrInUse, ErrUndetermined
//	}
//
// Wait repeats the check until it is definite, CheckAll makes very many, and
// Replay judges a saved report anew.
package volume
