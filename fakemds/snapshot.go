package fakemds

import "slices"

// snapshotCreate takes any snapshot whose name contains the wanted one for it
// when it shall skip an existing one.
func snapshotCreate(n *Node, cmd command, s *storage, p parts, v *VolumeState) object {
	if v == nil && n.legacy() {
		return failure(notString, "NoneType")
	}
	if v == nil {
		return failure("'NoneType' object has no attribute 'hasattr'")
	}
	wanted, isText := cmd["snapshot"].(string)
	if len(v.Snapshots) > 0 && !isText {
		return failure(notString, pyType(cmd["snapshot"]))
	}
	name := pyText(cmd["snapshot"])
	skip := cmd["skipOnExisting"] == true && v.snapshotLike(wanted) >= 0
	if !skip {
		if v.snapshot(name) >= 0 {
			return failure("failed to create snapshot[%s@%s], error[Rpc[CreateSnapShot] for [%s@%s] status code: kFileExists]", p.volume, name, p.key(), name)
		}
		v.Snapshots = append(v.Snapshots, SnapshotState{Name: name, Size: v.Size})
	}
	return success(member{"size", v.Size}, member{"actualSize", 0}, member{"installPath", p.cbd(p.volume + "@" + name)})
}

// snapshotDelete answers success also where the storage refuses.
func snapshotDelete(n *Node, _ command, s *storage, p parts, v *VolumeState) object {
	kind := "volume"
	if n.legacy() {
		kind = "lun"
	}
	if v == nil {
		return failure("cannot found snapshot for %s[%s], error[Rpc[ListSnapShot] for [%s] status code: kFileNotExists]", kind, p.key(), p.key())
	}
	name, ok := p.snapshot.(string)
	if i := v.snapshot(name); ok && i >= 0 && !s.clonedLocked(v, name) {
		v.Snapshots = slices.Delete(v.Snapshots, i, i+1)
	}
	return success()
}

func snapshotRollback(_ *Node, _ command, s *storage, p parts, v *VolumeState) object {
	i := -1
	if v != nil {
		i = v.snapshot(pyText(p.snapshot))
	}
	if i < 0 {
		return failure("failed to rollback snapshot[%s@%s], error[Rpc[Rollback] for [%s] status code: kSnapshotFileNotExists]", p.volume, pyText(p.snapshot), p.snapshotKey())
	}
	v.Size = v.Snapshots[i].Size
	return success(member{"installPath", p.cbd(p.volume)}, member{"size", v.Size}, member{"actualSize", 0})
}

// copySnapshot copies a snapshot to a new volume. With threadContext.api any
// failure deletes the destination's name in the source pool.
func copySnapshot(_ *Node, cmd command, s *storage, p parts, v *VolumeState) object {
	if v == nil {
		return failure("failed to query snapshot info for volume[%s], error[Rpc[ListSnapShot] for [%s] status code: kFileNotExists]", p.volume, p.key())
	}
	dst, hasDst := cmd["dstVolume"].(string)
	name, hasSnapshot := p.snapshot.(string)
	if !hasDst || !hasSnapshot {
		return failure(`can only concatenate str (not "NoneType") to str`)
	}
	pool, ok := cmd["dstPool"].(string)
	if !ok {
		pool = p.logical
	}
	to := pool + "/" + dst
	why := ""
	switch {
	case !s.hasPoolLocked(pool):
		why = "Rpc[CreateFile] for [" + to + "] status code: kFileNotExists"
	case s.volumes[to] != nil:
		why = "Rpc[CreateFile] for [" + to + "] status code: kFileExists"
	case v.snapshot(name) < 0:
		why = "Rpc[Copy] for [" + p.snapshotKey() + "] status code: kSnapshotFileNotExists"
	}
	if why != "" {
		if context, ok := cmd["threadContext"].(map[string]any); ok && context["api"] != nil {
			delete(s.volumes, p.logical+"/"+dst)
		}
		return failure("failed to copy snapshot[%s] to volume[%s], error[%s]", p.snapshotKey(), to, why)
	}
	size := v.Snapshots[v.snapshot(name)].Size
	s.volumes[to] = &VolumeState{Pool: pool, Name: dst, Size: size, ActualSize: size}
	return success(member{"installPath", "cbd:" + s.physicalLocked(pool) + "/" + to}, member{"size", size})
}
