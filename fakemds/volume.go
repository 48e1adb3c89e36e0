package fakemds

import (
	"fmt"
	"time"

	"github.com/zbsclient/zbsclient/fakemds/internal/python"
)

// wrap puts the storage's error into the agent's sentence; what the shell says is
// passed on bare.
func wrap(err error, format string, args ...any) error {
	if _, ok := err.(shellError); ok {
		return err
	}
	return python.Errorf(format+", error[%v]", append(args, err)...)
}

// shellError is a command that ended with a status other than 0.
type shellError string

func (e shellError) Error() string {
	return "failed to execute shell command: /usr/bin/zbs\nreturn code: 1\nstdout: \nstderr: " + string(e) + "\n"
}

// shellFailure is a command of the storage that prints err and ends with a status
// other than 0.
func shellFailure(err error) error { return shellError("Error: " + err.Error()) }

// runCreate makes a volume; a missing name becomes "None". The installPath may
// name the wrong physical pool, see physicalLocked.
func runCreate(x *exchange) (python.Object, error) {
	cmd, err := x.command()
	if err != nil {
		return nil, err
	}
	logical, name := cmd.get("logicalPool"), cmd.str("volume")
	if cmd.err != nil {
		return nil, cmd.err
	}
	x.shell(logical, name)
	st := x.node.cluster.st
	st.mu.Lock()
	defer st.mu.Unlock()
	physical, err := st.physicalLocked(logical)
	if err != nil {
		return nil, err
	}
	v := st.volumeLocked(python.Str(logical), name)
	if v == nil || !cmd.truth("skipIfExisting") {
		size, unit, err := x.size(cmd)
		if err != nil {
			return nil, wrap(err, "failed to create %s[%s]", x.traits().noun(), name)
		}
		if f, ok := x.faults[storageError]; ok {
			return nil, wrap(python.Error(f.text), "failed to create %s[%s]", x.traits().noun(), name)
		}
		if v, err = st.createLocked(python.Str(logical), name, size); err != nil {
			return nil, wrap(err, "failed to create %s[%s]", x.traits().noun(), name)
		}
		x.acted(python.Str(logical), name)
		x.tookUnit(unit, size)
	}
	return python.Object{}.With("size", v.size).With("actualSize", v.used).With("installPath", cbdPath(physical, python.Str(logical), name)), nil
}

// size reads the size of a request, in bytes, and the unit that was not read: the
// older generations always count GiB.
func (x *exchange) size(cmd *command) (size int64, ignored any, err error) {
	unit := cmd.get("unit")
	if !x.traits().unit {
		unit, ignored = nil, unit
	}
	x.shell(cmd.get("size"), unit)
	size, err = parseSize(cmd.get("size"), unit)
	return size, ignored, err
}

// tookUnit notes a size that is another one than the caller asked for.
func (x *exchange) tookUnit(ignored any, size int64) {
	if ignored != nil && python.Str(ignored) != "" && python.Str(ignored)[:1] != "G" {
		x.harms(fmt.Sprintf("did not read the unit %s: the size is %d GiB", python.Str(ignored), size>>30))
	}
}

// How long the agent goes on trying to delete a volume that is in use. Observed:
// it answers after about 153 s. The steps are a guess.
const (
	deleteTimeout = 153 * time.Second
	deleteEvery   = 3 * time.Second
)

// runDelete deletes the volume and before that its snapshots, whatever stands
// behind the volume's name in the path. A volume that cannot be looked up counts
// as deleted.
func runDelete(x *exchange) (python.Object, error) {
	_, t, err := x.target()
	if err != nil {
		return nil, err
	}
	x.idle = true
	st := x.node.cluster.st
	if f, failing := x.faults[storageError]; failing && st.honest {
		return nil, wrap(python.Error(f.text), "failed to delete volume[%s]", t.volume)
	} else if failing {
		return python.Object{}, nil // the first look failed, whatever the reason
	}
	found := false
	for waited := time.Duration(0); ; waited += deleteEvery {
		found, err = st.tryDelete(t)
		if found && x.idle {
			x.idle = false
			x.actedOnVolume(t)
		}
		if err == nil || st.honest || waited >= deleteTimeout {
			break
		}
		if err := sleep(x.conn.life, deleteEvery); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, err
	}
	return python.Object{}, nil
}

// tryDelete takes away what can be: first the snapshots without clones, then the
// volume, if nothing is left of them and the registry lists no client of it. It
// tells whether there is such a volume.
func (s *storage) tryDelete(t target) (found bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.volumeLocked(t.logical, t.volume)
	if v == nil {
		return false, nil
	}
	var kept []*snapshot
	for _, sn := range v.snaps {
		if s.clonesLocked(t.logical, t.volume, sn.name) > 0 {
			kept = append(kept, sn)
		}
	}
	v.snaps = kept
	if len(kept) > 0 {
		return true, shellFailure(rpcError("DeleteFile", t.file(), "kFileUnderSnapShot"))
	}
	if len(s.listedLocked(v, time.Now())) > 0 {
		return true, shellFailure(rpcError("DeleteFile", t.file(), occupied))
	}
	s.removeLocked(t.logical, t.volume)
	return true, nil
}

// runBatch answers for many volumes by one listing of each pool; the unknown are
// left out.
func runBatch(x *exchange) (python.Object, error) {
	cmd, err := x.command()
	if err != nil {
		return nil, err
	}
	var paths []any
	switch v := cmd.get("installPaths").(type) {
	case []any:
		paths = v
	case string:
		for _, r := range v {
			paths = append(paths, string(r)) // Python goes through its letters
		}
	default:
		if cmd.err != nil {
			return nil, cmd.err
		}
		return nil, python.Errorf("'%s' object is not iterable", python.TypeName(v))
	}
	st := x.node.cluster.st
	st.mu.Lock()
	defer st.mu.Unlock()
	volumes := python.Object{}
	for _, path := range paths {
		t, err := parseTarget(path)
		if err != nil {
			return nil, err
		}
		x.shell(t.logical)
		p := st.poolLocked(t.logical)
		if p == nil {
			return nil, wrap(rpcError("ListDir", t.logical, notExists), "cannot found lun infos in logical pool[%s]", t.logical)
		}
		if len(p.volumes) == 0 {
			return nil, python.Errorf("'NoneType' object is not iterable")
		}
		if v := st.volumeLocked(t.logical, t.volume); v != nil {
			volumes = volumes.With(t.text, python.Object{}.With("length", v.size).With("usedSize", v.used))
		}
	}
	return python.Object{}.With("volumes", volumes), nil
}

// runBrokenBatch is that of G7e, which calls a function that is not there for each
// path.
func runBrokenBatch(x *exchange) (python.Object, error) {
	cmd, err := x.command()
	if err != nil {
		return nil, err
	}
	if paths, ok := cmd.get("installPaths").([]any); ok && len(paths) == 0 {
		return python.Object{}.With("volumes", python.Object{}), nil
	}
	return nil, python.Errorf("global name 'get_logical_pool_name' is not defined")
}

// runExpand grows the volume, also when the path names a snapshot.
func runExpand(x *exchange) (python.Object, error) {
	cmd, t, err := x.target()
	if err != nil {
		return nil, err
	}
	st := x.node.cluster.st
	st.mu.Lock()
	defer st.mu.Unlock()
	var size int64
	var ignored any
	v, err := x.fileLocked("ExtendFile", t)
	if err == nil {
		size, ignored, err = x.size(cmd)
	}
	if err == nil && size < v.size {
		err = rpcError("ExtendFile", t.file(), "kShrinkBiggerFile")
	}
	if err != nil {
		return nil, wrap(err, "failed to expand %s[%s]", x.traits().noun(), t.volume)
	}
	if x.idle = v.size == size; !x.idle {
		x.actedOnVolume(t)
		x.tookUnit(ignored, size)
	}
	v.size = size
	return python.Object{}.With("size", v.size), nil
}

// runFlatten makes a clone independent of its snapshot.
func runFlatten(x *exchange) (python.Object, error) {
	_, t, err := x.target()
	if err != nil {
		return nil, err
	}
	st := x.node.cluster.st
	st.mu.Lock()
	defer st.mu.Unlock()
	v, err := x.fileLocked("GetFileInfo", t)
	if err != nil {
		return nil, wrap(err, "cannot found volume[%s] info", t.file())
	}
	if x.idle = v.parent == ""; !x.idle {
		v.parent, v.used = "", v.size
		x.actedOnVolume(t)
	}
	return python.Object{}.With("size", v.size).With("actualSize", v.used), nil
}
