package volume

import (
	"fmt"
	"strings"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// confused is how many times larger than asked for a volume must be to show that
// a unit was mistaken: between MiB and GiB lies a factor of 1024. What is a
// little larger may have been expanded by another program.
const confused = 16

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

// infoOf is the volume that a clean answer is about.
func infoOf(answer zbs.Created, path zbs.Path) Info {
	return Info{Path: path, Size: int64(answer.Size), ActualSize: int64(answer.ActualSize)}
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
