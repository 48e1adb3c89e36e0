package fakemds

import (
	"strconv"
	"time"

	"github.com/zbsclient/zbsclient/fakemds/internal/python"
)

// errNoSnapshotList is what becomes of a failed list of snapshots where the agent
// does not look whether it failed.
var errNoSnapshotList = python.Errorf("'NoneType' object has no attribute 'hasattr'")

// runSnapshotCreate compares names by substring: with skipOnExisting it answers
// success for "snap1" when only "snap10" exists, and makes nothing.
func runSnapshotCreate(x *exchange) (python.Object, error) {
	cmd, t, err := x.target()
	if err != nil {
		return nil, err
	}
	name := cmd.get("snapshot")
	x.shell(name)
	st := x.node.cluster.st
	st.mu.Lock()
	defer st.mu.Unlock()
	if err := x.installLocked(cmd, &t); err != nil {
		return nil, err
	}
	v, err := x.fileLocked("ListSnapShot", t)
	if err != nil {
		return nil, errNoSnapshotList
	}
	found := false
	for _, s := range v.snaps {
		in, err := st.names(name, s.name)
		if err != nil {
			return nil, err
		}
		found = found || in
	}
	if !found || !cmd.truth("skipOnExisting") {
		if v.snap(python.Str(name)) != nil {
			err := rpcError("CreateSnapShot", t.file()+"@"+python.Str(name), exists)
			return nil, wrap(err, "failed to create snapshot[%s@%s]", t.volume, python.Str(name))
		}
		v.addSnap(python.Str(name))
		x.actedOnSnapshotOf(t, python.Str(name))
	} else {
		x.idle = v.snap(python.Str(name)) == nil // it saw another one
	}
	path := cbdPath(t.physical, t.logical, t.volume) + "@" + python.Str(name)
	return python.Object{}.With("size", v.size).With("actualSize", 0).With("installPath", path), nil
}

// runSnapshotDelete answers success for a volume path, for a snapshot that does
// not exist and for one that the storage does not delete.
func runSnapshotDelete(x *exchange) (python.Object, error) {
	_, t, err := x.target()
	if err != nil {
		return nil, err
	}
	st := x.node.cluster.st
	st.mu.Lock()
	defer st.mu.Unlock()
	v, err := st.fileLocked("ListSnapShot", t.logical, t.volume)
	if err != nil {
		return nil, wrap(err, "cannot found snapshot for %s[%s]", x.traits().noun(), t.file())
	}
	name := python.Str(t.snapshot)
	f, failing := x.faults[storageError]
	clones := st.clonesLocked(t.logical, t.volume, name) > 0
	switch {
	case st.honest && failing:
		return nil, python.Error(f.text)
	case st.honest && v.snap(name) == nil:
		return nil, rpcError("DeleteSnapShot", t.file()+"@"+name, snapNotExists)
	case clones && (st.honest || !failing && !st.snapshotDeleteLies):
		return nil, python.Errorf("the snapshot[%s@%s] is still in used", t.file(), name)
	}
	x.idle = t.snapshot == nil || failing || clones || v.snap(name) == nil
	if !x.idle {
		v.dropSnap(name)
		x.actedOnSnapshot(t)
	}
	return python.Object{}, nil
}

// runRollback sets the volume back, unless the registry lists a client of it.
func runRollback(x *exchange) (python.Object, error) {
	cmd, t, err := x.target()
	if err != nil {
		return nil, err
	}
	st := x.node.cluster.st
	st.mu.Lock()
	defer st.mu.Unlock()
	name := python.Str(t.snapshot)
	var s *snapshot
	v, err := x.fileLocked("Rollback", t)
	if err == nil {
		if s = v.snap(name); s == nil {
			err = rpcError("Rollback", t.file()+"@"+name, snapNotExists)
		} else if len(st.listedLocked(v, time.Now())) > 0 {
			err = rpcError("Rollback", t.file()+"@"+name, occupied)
		}
	}
	if err != nil {
		return nil, wrap(err, "failed to rollback snapshot[%s@%s]", t.volume, name)
	}
	v.size = s.size
	v.rollbacks++
	x.actedOnSnapshot(t)
	if err := x.installLocked(cmd, &t); err != nil {
		return nil, err
	}
	return python.Object{}.With("installPath", cbdPath(t.physical, t.logical, t.volume)).With("size", v.size).With("actualSize", 0), nil
}

// runSnapshotQuery is that of G7e. It compares names whole, with the number of the
// snapshot too: of two snapshots it finds the first that has the name, or has it
// as its number.
func runSnapshotQuery(x *exchange) (python.Object, error) {
	cmd, t, err := x.target()
	if err != nil {
		return nil, err
	}
	st := x.node.cluster.st
	st.mu.Lock()
	defer st.mu.Unlock()
	v, err := x.fileLocked("ListSnapShot", t)
	if err != nil {
		return nil, wrap(err, "cannot found snapshot for volume[%s]", t.file())
	}
	answer := python.Object{}.With("hasSnapshot", len(v.snaps) > 0)
	if t.snapshot == nil {
		return answer.With("installPath", cmd.get("path")), nil
	}
	for _, s := range v.snaps {
		if number := strconv.Itoa(s.seq); t.snapshot == s.name || t.snapshot == number {
			return answer.With("installPath", cbdPath(t.physical, t.logical, t.volume)+"@"+number), nil
		}
	}
	return nil, python.Errorf("cannot found snapshot[%s] for volume[%s]", python.Str(t.snapshot), t.file())
}
