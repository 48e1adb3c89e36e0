package cli

import (
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/zbs"
)

// askedAtOnce bounds how many volumes are asked for at the same time: as many
// as an MDS has connections for us.
const askedAtOnce = mds.DefaultConnections

// askEach checks all paths, and then asks for each; the answers stand in the
// order of the paths.
func askEach[T any](a *app, args []string, ask func(*volume.Service, zbs.Path) T) ([]T, error) {
	paths, err := parsePaths(args)
	if err != nil {
		return nil, err
	}
	caller, err := a.caller()
	if err != nil {
		return nil, err
	}
	defer caller.Close()
	service := volume.NewService(caller)
	answers := make([]T, len(paths))
	var group errgroup.Group
	group.SetLimit(askedAtOnce)
	for i, path := range paths {
		group.Go(func() error {
			answers[i] = ask(service, path)
			return nil
		})
	}
	group.Wait()
	return answers, nil
}

// parsePaths checks all paths before anything is asked.
func parsePaths(args []string) ([]zbs.Path, error) {
	paths := make([]zbs.Path, len(args))
	for i, arg := range args {
		path, err := zbs.ParsePath(arg)
		if err != nil {
			return nil, err
		}
		if path.IsSnapshot() {
			return nil, fmt.Errorf("%w %q: it names a snapshot, the volume is %s", zbs.ErrInvalidPath, arg, path.OfVolume())
		}
		paths[i] = path
	}
	return paths, nil
}

// failed prints the error of one answer; the worst makes the exit code.
func (a *app) failed(err error) {
	a.printError(err)
	a.code = max(a.code, exitCode(err))
}
