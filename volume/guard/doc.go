// Package guard proves that no other host has a volume open before it is opened,
// or says that it cannot. The rules are numbered at Guard.
//
//	g := guard.New(caller, guard.MinCanaryHosts(12)) // hosts of the zone
//	report, err := g.Check(ctx, path, guard.AllowHost("10.0.0.2"))
//	if err != nil {
//		return err // in use, or nobody knows: errors.Is ErrInUse, ErrUndetermined
//	}
//
// Wait repeats the check until it is definite, CheckAll makes very many, and
// Replay judges a saved report anew.
package guard
