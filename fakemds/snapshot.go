package fakemds

import (
	"strconv"
	"time"
)

// errNoSnapshotList is what becomes of a failed list of snapshots where the agent
// does not look whether it failed.
var errNoSnapshotList = failf("'NoneType' object has no attribute 'hasattr'")

// runSnapshotCreate compares names by substring: with skipOnExisting it answers
// success for "snap1" when only "snap10" exists, and makes nothing.
func runSnapshotCreate(x *exchange) (obj, error) {
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
		if v.snap(str(name)) != nil {
			err := rpcError("CreateSnapShot", t.file()+"@"+str(name), exists)
			return nil, wrap(err, "failed to create snapshot[%s@%s]", t.volume, str(name))
		}
		v.addSnap(str(name))
		x.actedOnSnapshotOf(t, str(name))
	} else {
		x.idle = v.snap(str(name)) == nil // it saw another one
	}
	path := cbdPath(t.physical, t.logical, t.volume) + "@" + str(name)
	return obj{{"size", v.size}, {"actualSize", 0}, {"installPath", path}}, nil
}

// runSnapshotDelete answers success for a volume path, for a snapshot that does
// not exist and for one that the storage does not delete.
func runSnapshotDelete(x *exchange) (obj, error) {
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
	name := str(t.snapshot)
	f, failing := x.faults[storageError]
	clones := st.clonesLocked(t.logical, t.volume, name) > 0
	switch {
	case st.honest && failing:
		return nil, errText(f.text)
	case st.honest && v.snap(name) == nil:
		return nil, rpcError("DeleteSnapShot", t.file()+"@"+name, snapNotExists)
	case clones && (st.honest || !failing && !st.snapshotDeleteLies):
		return nil, failf("the snapshot[%s@%s] is still in used", t.file(), name)
	}
	x.idle = t.snapshot == nil || failing || clones || v.snap(name) == nil
	if !x.idle {
		v.dropSnap(name)
		x.actedOnSnapshot(t)
	}
	return obj{}, nil
}

// runRollback sets the volume back, unless the registry lists a client of it.
func runRollback(x *exchange) (obj, error) {
	cmd, t, err := x.target()
	if err != nil {
		return nil, err
	}
	st := x.node.cluster.st
	st.mu.Lock()
	defer st.mu.Unlock()
	name := str(t.snapshot)
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
	return obj{{"installPath", cbdPath(t.physical, t.logical, t.volume)}, {"size", v.size}, {"actualSize", 0}}, nil
}

// runSnapshotQuery is that of G7e. It compares names whole, with the number of the
// snapshot too: of two snapshots it finds the first that has the name, or has it
// as its number.
func runSnapshotQuery(x *exchange) (obj, error) {
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
	answer := obj{{"hasSnapshot", len(v.snaps) > 0}}
	if t.snapshot == nil {
		return answer.with("installPath", cmd.get("path")), nil
	}
	for _, s := range v.snaps {
		if number := strconv.Itoa(s.seq); t.snapshot == s.name || t.snapshot == number {
			return answer.with("installPath", cbdPath(t.physical, t.logical, t.volume)+"@"+number), nil
		}
	}
	return nil, failf("cannot found snapshot[%s] for volume[%s]", str(t.snapshot), t.file())
}
