package fakemds

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// busyDelete is how long the agent tries to delete a volume that is open or
// whose snapshot has a clone, before it answers that it failed.
const busyDelete = 153 * time.Second

// parseSize reads a size as the storage's command line does: an integer count
// of the unit, of GiB without one.
func parseSize(size, unit any) (bytes int64, ok bool) {
	factor := gib
	if unit != nil {
		switch pyText(unit) {
		case "M", "MiB":
			factor = 1 << 20
		case "G", "GiB":
		default:
			return 0, false
		}
	}
	count, err := strconv.ParseInt(pyText(size), 10, 64)
	if err != nil || count <= 0 || count > (1<<62)/factor {
		return 0, false
	}
	return count * factor, true
}

func sizeText(size, unit any) string {
	if unit == nil {
		return pyText(size)
	}
	return pyText(size) + pyText(unit)
}

func volumeCreate(n *Node, cmd command) object {
	logical, ok := cmd["logicalPool"].(string)
	if !ok {
		return failure(notString, pyType(cmd["logicalPool"]))
	}
	name := pyText(cmd["volume"])
	s := n.cluster.storage
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.volumes[logical+"/"+name]
	if v == nil {
		size, ok := parseSize(cmd["size"], cmd["unit"])
		switch {
		case !s.hasPoolLocked(logical):
			return failure("failed to create volume[%s], error[Rpc[CreateFile] for [%s/%s] status code: kFileNotExists]", name, logical, name)
		case !ok:
			return failure("failed to create volume[%s], error[Rpc[ParseSize] for [%s] status code: kParaError]", name, sizeText(cmd["size"], cmd["unit"]))
		}
		v = &VolumeState{Pool: logical, Name: name, Size: size}
		s.volumes[logical+"/"+name] = v
	} else if cmd["skipIfExisting"] != true {
		return failure("failed to create volume[%s], error[Rpc[CreateFile] for [%s/%s] status code: kFileExists]", name, logical, name)
	}
	return success(member{"size", v.Size}, member{"actualSize", v.ActualSize},
		member{"installPath", "cbd:" + s.physicalLocked(logical) + "/" + logical + "/" + name})
}

// volumeDelete deletes the volume and all its snapshots, whatever the path
// names of it. A volume that is open, or whose snapshot has a clone, loses the
// snapshots that can go and fails late.
func volumeDelete(n *Node, cmd command) (object, time.Duration) {
	p, refusal := split(cmd["path"])
	if refusal != nil {
		return refusal, 0
	}
	s := n.cluster.storage
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.volumes[p.key()]
	if v == nil {
		return success(), 0
	}
	v.Snapshots = slices.DeleteFunc(v.Snapshots, func(snapshot SnapshotState) bool { return !s.clonedLocked(v, snapshot.Name) })
	if len(v.Snapshots) > 0 || len(v.Clients) > 0 {
		return failure("failed to delete volume[%s], error[Rpc[DeleteFile] for [%s] status code: kFileOccupied]", p.volume, p.key()), busyDelete
	}
	delete(s.volumes, p.key())
	return success(), 0
}

// clonedLocked reports whether the snapshot has a clone.
func (s *storage) clonedLocked(v *VolumeState, snapshot string) bool {
	for _, other := range s.volumes {
		if other.Parent == v.Pool+"/"+v.Name+"@"+snapshot {
			return true
		}
	}
	return false
}

func volumeQuery(_ *Node, cmd command, s *storage, p parts, v *VolumeState) object {
	if v == nil {
		return failure("cannot found volume[%s] info, error[Rpc[GetFileInfo] for [%s] status code: kFileNotExists]", cmd["path"], p.key())
	}
	reply := success(member{"size", v.Size}, member{"actualSize", v.ActualSize})
	if v.Parent != "" {
		// The physical pool of the request is echoed unchecked.
		reply = append(reply, member{"parentUri", "cbd:" + p.physical + "/" + v.Parent})
	}
	return reply
}

func volumeQueryBatch(n *Node, cmd command) object {
	var paths []any
	switch list := cmd["installPaths"].(type) {
	case []any:
		paths = list
	case string:
		for _, r := range list {
			paths = append(paths, string(r))
		}
	default:
		return failure("'%s' object is not iterable", pyType(list))
	}
	s := n.cluster.storage
	s.mu.Lock()
	defer s.mu.Unlock()
	volumes := object{}
	for _, path := range paths {
		p, refusal := split(path)
		if refusal != nil {
			return refusal
		}
		if !s.hasPoolLocked(p.logical) {
			return failure("cannot found lun infos in logical pool[%s], error[Rpc[ListDir] for [%s] status code: kFileNotExists]", p.logical, p.logical)
		}
		if !s.hasVolumesLocked(p.logical) {
			return failure("'NoneType' object is not iterable")
		}
		if v := s.volumes[p.key()]; v != nil {
			volumes = append(volumes, member{path.(string), object{{"length", v.Size}, {"usedSize", v.ActualSize}}})
		}
	}
	return success(member{"volumes", volumes})
}

func (s *storage) hasVolumesLocked(logical string) bool {
	for _, v := range s.volumes {
		if v.Pool == logical {
			return true
		}
	}
	return false
}

// volumeClone protects the snapshot unless one whose name contains its name is
// protected, which the storage then refuses to clone.
func volumeClone(n *Node, cmd command, s *storage, p parts, v *VolumeState) object {
	if v == nil || len(v.Snapshots) == 0 {
		return failure("failed to found snapshot for volume[%s]", p.volume)
	}
	name, ok := p.snapshot.(string)
	if !ok {
		return failure(notString, pyType(p.snapshot))
	}
	exact := v.snapshot(name)
	if like := v.snapshotLike(name); like < 0 || !v.Snapshots[like].Protected {
		if exact < 0 {
			return failure("failed to execute shell command: /usr/bin/zbs\nreturn code: 1\nstdout: \nstderr: Error: Rpc[ProtectSnapShot] for [%s] status code: kSnapshotFileNotExists\n", p.snapshotKey())
		}
		v.Snapshots[exact].Protected = true
	}
	dst := pyText(cmd["dstVolume"])
	code := ""
	switch {
	case exact < 0 || !v.Snapshots[exact].Protected:
		code = "kNotSupported"
	case s.volumes[p.logical+"/"+dst] != nil:
		code = "kFileExists"
	}
	if code != "" {
		return failure("failed to clone volume[%s] to volume[%s], error[Rpc[Clone] for [%s] status code: %s]", p.volume, dst, p.snapshotKey(), code)
	}
	size := v.Snapshots[exact].Size
	s.volumes[p.logical+"/"+dst] = &VolumeState{Pool: p.logical, Name: dst, Size: size, Parent: p.snapshotKey()}
	return success(member{"installPath", p.cbd(dst)}, member{"size", size}, member{"actualSize", 0})
}

func volumeExpand(_ *Node, cmd command, s *storage, p parts, v *VolumeState) object {
	size, ok := parseSize(cmd["size"], cmd["unit"])
	switch {
	case v == nil:
		return failure("failed to expand volume[%s], error[Rpc[ExtendFile] for [%s] status code: kFileNotExists]", p.volume, p.key())
	case !ok:
		return failure("failed to expand volume[%s], error[Rpc[ParseSize] for [%s] status code: kParaError]", p.volume, sizeText(cmd["size"], cmd["unit"]))
	case size < v.Size:
		return failure("failed to expand volume[%s], error[Rpc[ExtendFile] for [%s] status code: kShrinkBiggerFile]", p.volume, p.key())
	}
	v.Size = size
	return success(member{"size", v.Size})
}

func volumeFlatten(_ *Node, _ command, s *storage, p parts, v *VolumeState) object {
	if v == nil {
		return failure("cannot found volume[%s] info, error[Rpc[GetFileInfo] for [%s] status code: kFileNotExists]", p.key(), p.key())
	}
	if v.Parent != "" {
		v.Parent, v.ActualSize = "", v.Size
	}
	return success(member{"size", v.Size}, member{"actualSize", v.ActualSize})
}

// volumeToNBD exports the first snapshot whose name contains the wanted one,
// and says that the export is on the node it was told to be.
func volumeToNBD(_ *Node, cmd command, s *storage, p parts, v *VolumeState) object {
	portRange, ok := cmd["portRange"].(string)
	if !ok {
		return failure("'%s' object has no attribute 'split'", pyType(cmd["portRange"]))
	}
	firstText, lastText, _ := strings.Cut(portRange, ":")
	first, err := strconv.Atoi(firstText)
	if err != nil {
		return failure("invalid literal for int() with base 10: '%s'", firstText)
	}
	last, err := strconv.Atoi(lastText)
	if err != nil {
		return failure("list index out of range")
	}
	exported := p.key()
	if name, ok := p.snapshot.(string); ok {
		exported += "@"
		if v != nil && v.snapshotLike(name) >= 0 {
			exported += v.Snapshots[v.snapshotLike(name)].Name
		}
	}
	for port := first; port <= last; port++ {
		if _, used := s.exports[port]; !used {
			s.exports[port] = exported
			return success(member{"ip", cmd["addr"]}, member{"port", port})
		}
	}
	return failure("no port is free in %s", portRange)
}

func volumeCleanNBD(n *Node, cmd command) object {
	if t := pyType(cmd["port"]); t != "int" && t != "float" {
		return failure("%%d format: a real number is required, not %s", t)
	}
	port, _ := strconv.Atoi(pyText(cmd["port"]))
	s := n.cluster.storage
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.exports, port)
	return success()
}
