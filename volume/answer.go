package volume

import (
	"fmt"
	"strings"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// ClientList is who has a volume open, as one MDS says.
type ClientList struct {
	Path    zbs.Path
	Clients []zbs.Client // as the agent lists them, possibly one host several times
	MDS     zbs.Addr     // who said so
	Trace   mds.Trace    // what each MDS did
}

// Info is a volume as the storage has it.
type Info struct {
	Path       zbs.Path
	Size       int64 // bytes
	ActualSize int64 // bytes allocated
	// Parent is the install path of the snapshot the volume is a clone of, and
	// empty for no clone. QueryAll does not learn it.
	Parent string
}

// infoOf returns the volume that a clean answer describes.
func infoOf(answer zbs.Created, path zbs.Path) Info {
	return Info{Path: path, Size: int64(answer.Size), ActualSize: int64(answer.ActualSize)}
}

// installPath drops the physical pool of an agent's path, which is the one of
// the request, right or wrong. What is no path stays as it is.
func installPath(text string) string {
	if path, err := zbs.ParsePath(text); err == nil {
		return path.String()
	}
	return text
}

// clean reports whether an agent's answer is about path and its sizes can be. The
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

// anotherSize is the end of a change that left the volume with another size than
// the wanted one.
func anotherSize(info Info, want int64) error {
	return fmt.Errorf("%w: %s %w: %d bytes, wanted %d", ErrNotAsAsked, info.Path, ErrSizeDiffers, info.Size, want)
}

// unread is the end of a change that an agent says it made, of which no query
// brought what it came to.
func unread(answer zbs.Created, why error) error {
	return fmt.Errorf("%w: the agent says it is done, and names %q with %d bytes: %v", mds.ErrAmbiguous, answer.InstallPath, int64(answer.Size), why)
}
