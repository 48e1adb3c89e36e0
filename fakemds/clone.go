package fakemds

import (
	"encoding/json"

	"github.com/zbsclient/zbsclient/fakemds/internal/python"
)

// runClone protects the snapshot and makes a volume of it. Whether the snapshot
// is protected already, it asks the first one whose name contains the name.
func runClone(x *exchange) (python.Object, error) {
	cmd, t, err := x.target()
	if err != nil {
		return nil, err
	}
	dst := cmd.str("dstVolume")
	x.shell(dst)
	st := x.node.cluster.st
	st.mu.Lock()
	defer st.mu.Unlock()
	v, err := x.fileLocked("ListSnapShot", t)
	if err != nil {
		return nil, errNoSnapshotList
	}
	if len(v.snaps) == 0 {
		return nil, python.Errorf("failed to found snapshot for %s[%s]", x.traits().noun(), t.volume)
	}
	s, err := st.snapLike(v, t.snapshot)
	if err != nil {
		return nil, err
	}
	src := t.file() + "@" + python.Str(t.snapshot)
	exact := v.snap(python.Str(t.snapshot))
	if s == nil || !s.protected {
		if exact == nil {
			return nil, shellFailure(rpcError("ProtectSnapShot", src, snapNotExists))
		}
		exact.protected = true
	}
	made, err := st.cloneLocked(exact, src, t.logical, dst)
	if err != nil {
		return nil, wrap(err, "failed to clone volume[%s] to volume[%s]", t.volume, dst)
	}
	made.parent = src
	x.actedOnSnapshot(t)
	x.acted(dst)
	if err := x.installLocked(cmd, &t); err != nil {
		return nil, err
	}
	return python.Object{}.With("installPath", cbdPath(t.physical, t.logical, dst)).With("size", made.size).With("actualSize", 0), nil
}

// snapLike returns the first snapshot that name stands for.
func (s *storage) snapLike(v *volume, name any) (*snapshot, error) {
	for _, sn := range v.snaps {
		if in, err := s.names(name, sn.name); err != nil || in {
			return sn, err
		}
	}
	return nil, nil
}

func (s *storage) cloneLocked(snap *snapshot, src, lp, dst string) (*volume, error) {
	switch {
	case snap == nil:
		return nil, rpcError("Clone", src, snapNotExists)
	case !snap.protected:
		return nil, rpcError("Clone", src, "kNotSupported")
	case s.volumeLocked(lp, dst) != nil:
		return nil, shellFailure(rpcError("Clone", src, exists))
	}
	return s.createLocked(lp, dst, snap.size)
}

// minCopySeconds is the least time-out of a task that the agent accepts.
const minCopySeconds = 60

// runCopy copies a snapshot into a new volume. With threadContext.api a failure
// runs the agent's cancel, which deletes dstVolume in the pool of the source,
// whoever made it.
func runCopy(x *exchange) (python.Object, error) {
	cmd, t, err := x.target()
	if err != nil {
		return nil, err
	}
	dst, dstPool := cmd.get("dstVolume"), x.dstPool(cmd)
	if x.ep.byName {
		if err := concatenated(cmd.get("logicalPool"), cmd.get("volume"), t.snapshot, dst); err != nil {
			return nil, err
		}
	}
	x.shell(dst, dstPool)
	task := &command{v: cmd.get("taskContext")}
	if task.v != nil {
		if ms, ok := task.get("__messagetimeout__").(json.Number); ok {
			if f, _ := ms.Float64(); f/1000 < minCopySeconds {
				return nil, python.Errorf("timeout[%s] is too short", python.ReprFloat(f/1000))
			}
		}
	}
	if dstPool == nil {
		dstPool = t.logical
	}
	st := x.node.cluster.st
	st.mu.Lock()
	defer st.mu.Unlock()
	v, err := x.fileLocked("ListSnapShot", t)
	if err != nil {
		return nil, wrap(err, "failed to query snapshot info for volume[%s]", t.volume)
	}
	for _, part := range []any{t.snapshot, dst} {
		if part == nil {
			return nil, python.Errorf(`can only concatenate str (not "NoneType") to str`)
		}
	}
	physical, err := st.physicalLocked(dstPool)
	if err != nil {
		return nil, err
	}
	src := t.file() + "@" + python.Str(t.snapshot)
	made, err := st.copyLocked(v.snap(python.Str(t.snapshot)), src, python.Str(dstPool), python.Str(dst))
	if err != nil {
		thread := &command{v: cmd.get("threadContext")}
		if thread.v != nil && thread.get("api") != nil && st.removeLocked(t.logical, python.Str(dst)) {
			x.harms("the copy that failed deleted the volume " + t.logical + "/" + python.Str(dst))
		}
		return nil, wrap(err, "failed to copy snapshot[%s] to volume[%s/%s]", src, python.Str(dstPool), python.Str(dst))
	}
	x.actedOnSnapshot(t)
	x.acted(python.Str(dstPool), python.Str(dst))
	if asked := cmd.get("dstPool"); asked != nil && asked != dstPool {
		x.harms("did not read dstPool " + python.Str(asked) + ": copied to " + python.Str(dstPool) + "/" + python.Str(dst))
	}
	return python.Object{}.With("installPath", cbdPath(physical, python.Str(dstPool), python.Str(dst))).With("size", made.size), nil
}

// dstPool is the pool of the copy, nil for that of the source.
func (x *exchange) dstPool(cmd *command) any {
	if !x.traits().dstPool {
		return nil
	}
	return cmd.get("dstPool")
}

// concatenated is what becomes of a name that is missing where the older
// generations put names together with +.
func concatenated(pool, volume, snapshot, dst any) error {
	switch {
	case pool == nil:
		return python.Errorf("unsupported operand type(s) for +: 'NoneType' and 'str'")
	case volume == nil || snapshot == nil || dst == nil:
		return python.Errorf(`can only concatenate str (not "NoneType") to str`)
	}
	return nil
}

func (s *storage) copyLocked(snap *snapshot, src, lp, dst string) (*volume, error) {
	if snap == nil {
		return nil, rpcError("Copy", src, snapNotExists)
	}
	v, err := s.createLocked(lp, dst, snap.size)
	if err == nil {
		v.used = v.size
	}
	return v, err
}
