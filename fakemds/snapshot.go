package fakemds

// runSnapshotCreate compares names by substring: with skipOnExisting it answers
// success for "snap1" when only "snap10" exists, and makes nothing.
func runSnapshotCreate(x *exchange) (obj, error) {
	cmd, t, err := x.target()
	if err != nil {
		return nil, err
	}
	name := cmd.get("snapshot")
	st := x.node.cluster.st
	st.mu.Lock()
	defer st.mu.Unlock()
	if err := x.installLocked(cmd, &t); err != nil {
		return nil, err
	}
	v, err := x.fileLocked("ListSnapShot", t)
	if err != nil {
		return nil, failf("'NoneType' object has no attribute 'hasattr'")
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
		v.snaps = append(v.snaps, &snapshot{name: str(name), size: v.size})
	}
	path := cbdPath(t.physical, t.logical, t.volume) + "@" + str(name)
	return obj{{"size", v.size}, {"actualSize", 0}, {"installPath", path}}, nil
}

// runSnapshotDelete answers success for a volume path, for a snapshot that does
// not exist and for one that the storage keeps because it has clones.
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
		noun := "volume"
		if x.legacy {
			noun = "lun"
		}
		return nil, wrap(err, "cannot found snapshot for %s[%s]", noun, t.file())
	}
	if st.honest {
		if err := x.refuseSnapshotDeleteLocked(v, t); err != nil {
			return nil, err
		}
	}
	if t.snapshot != nil && !x.faults.has(storageError) && st.clonesLocked(t.logical, t.volume, str(t.snapshot)) == 0 {
		v.dropSnap(str(t.snapshot))
	}
	return obj{}, nil
}

// refuseSnapshotDeleteLocked says what the real agent keeps to itself.
func (x *exchange) refuseSnapshotDeleteLocked(v *volume, t target) error {
	name := str(t.snapshot)
	switch f, failing := x.faults[storageError]; {
	case failing:
		return errText(f.text)
	case v.snap(name) == nil:
		return rpcError("DeleteSnapShot", t.file()+"@"+name, snapNotExists)
	case x.node.cluster.st.clonesLocked(t.logical, t.volume, name) > 0:
		return rpcError("DeleteSnapShot", t.file()+"@"+name, "kFileUnderSnapShot")
	}
	return nil
}

// runRollback sets the volume back, open or not.
func runRollback(x *exchange) (obj, error) {
	cmd, t, err := x.target()
	if err != nil {
		return nil, err
	}
	st := x.node.cluster.st
	st.mu.Lock()
	defer st.mu.Unlock()
	if err := x.installLocked(cmd, &t); err != nil {
		return nil, err
	}
	name := str(t.snapshot)
	var s *snapshot
	v, err := x.fileLocked("Rollback", t)
	if err == nil {
		if s = v.snap(name); s == nil {
			err = rpcError("Rollback", t.file()+"@"+name, snapNotExists)
		}
	}
	if err != nil {
		return nil, wrap(err, "failed to rollback snapshot[%s@%s]", t.volume, name)
	}
	v.size = s.size
	v.rollbacks++
	return obj{{"installPath", cbdPath(t.physical, t.logical, t.volume)}, {"size", v.size}, {"actualSize", 0}}, nil
}
