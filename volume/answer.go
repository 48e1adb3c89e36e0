package volume

import (
	"fmt"
	"strings"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// ClientList is the clients of a volume, as one MDS lists them.
type ClientList struct {
	Path    zbs.Path
	Clients []zbs.Client // as the agent lists them, possibly one host several times
	MDS     zbs.Addr     // that listed them
	Trace   mds.Trace    // every attempt
}

// Info is a volume as the storage has it.
type Info struct {
	Path       zbs.Path
	Size       int64 // bytes
	ActualSize int64 // bytes allocated
	// Parent is the install path of the snapshot that the volume is a clone of. It is
	// empty if the volume is no clone, and always in the result of QueryAll.
	Parent string
}

// infoOf returns the volume that a clean answer describes.
func infoOf(answer zbs.Created, path zbs.Path) Info {
	return Info{Path: path, Size: int64(answer.Size), ActualSize: int64(answer.ActualSize)}
}

// installPath drops the physical pool of an agent's path: the agent repeats the one of
// the request, right or wrong. A text that is no path stays as it is.
func installPath(text string) string {
	if path, err := zbs.ParsePath(text); err == nil {
		return path.String()
	}
	return text
}

// clean reports whether an agent's answer is about path and has possible sizes. The
// physical pool in an answer may be wrong.
func clean(answer zbs.Created, path zbs.Path) bool {
	return isAbout(answer, path) && answer.Size > 0 && answer.ActualSize >= 0
}

// isAbout reports whether an agent's answer names path.
func isAbout(answer zbs.Created, path zbs.Path) bool {
	_, named, found := strings.Cut(answer.InstallPath, "/")
	return found && named == strings.TrimPrefix(path.String(), "zbs://")
}

// possible refuses sizes that no volume has.
func possible(info Info) error {
	if info.Size <= 0 || info.ActualSize < 0 {
		return fmt.Errorf("%w: %s is said to have %d bytes, %d of them allocated", zbs.ErrMalformed, info.Path, info.Size, info.ActualSize)
	}
	return nil
}

// anotherSize is the error of a change after which the volume has another size than
// the wanted one.
func anotherSize(info Info, want int64) error {
	return fmt.Errorf("%w: %s %w: %d bytes, wanted %d", ErrNotAsAsked, info.Path, ErrSizeDiffers, info.Size, want)
}

// unread is the error of a change that an agent says it made, when no query shows the
// result.
func unread(answer zbs.Created, why error) error {
	return fmt.Errorf("%w: the agent says it is done, and names %q with %d bytes: %v", mds.ErrAmbiguous, answer.InstallPath, int64(answer.Size), why)
}
