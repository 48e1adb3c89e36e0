package agent

import (
	"strings"

	"github.com/zbsclient/zbsclient/fakemds/internal/python"
	"github.com/zbsclient/zbsclient/fakemds/internal/storage"
)

// target is a path taken apart as the agent does it: by ':' then '/' then '@',
// with no look at what stands before or behind.
type target struct {
	physical, logical, volume string
	snapshot                  any // nil when the path names none
	text                      string
	stray                     bool // the path has more than that
}

// file is the volume's name in texts of the storage.
func (t target) file() string { return t.logical + "/" + t.volume }

// snapshotFile is the snapshot's.
func (t target) snapshotFile() string { return t.file() + "@" + python.Str(t.snapshot) }

func parseTarget(v any) (target, error) {
	path, ok := v.(string)
	if !ok {
		if _, isObject := v.(map[string]any); isObject {
			return target{}, python.Errorf("'NoneType' object is not callable")
		}
		return target{}, python.Errorf("'%s' object has no attribute 'split'", python.TypeName(v))
	}
	colon := strings.Split(path, ":")
	if len(colon) < 2 {
		return target{}, python.Errorf("list index out of range")
	}
	slash := strings.Split(colon[1], "/")
	if len(slash) < 3 {
		return target{}, python.Errorf("list index out of range")
	}
	t := target{physical: slash[0], logical: slash[1], volume: slash[2], text: path}
	if at := strings.Split(slash[2], "@"); len(at) > 2 {
		return target{}, python.Errorf("too many values to unpack (expected 2)")
	} else if len(at) == 2 {
		t.volume, t.snapshot = at[0], at[1]
	}
	t.stray = path != storage.Path(t.physical, t.logical, slash[2])
	return t, nil
}
