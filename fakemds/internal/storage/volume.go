package storage

import (
	"fmt"
	"slices"
)

// Pool is a logical pool.
type Pool struct {
	ID            int
	Name          string
	Physical      string    // the physical pool that it is in
	Volumes       []*Volume // in the order they were made
	Capacity      int64     // bytes
	CreatedAtUnix int64     // seconds
}

// Usage is what the volumes of the pool add up to, in bytes.
func (p *Pool) Usage() (allocated, used int64) {
	for _, v := range p.Volumes {
		allocated += v.Size
		used += v.Used
	}
	return allocated, used
}

// Volume is a volume of a State.
type Volume struct {
	Name      string
	Pool      *Pool
	Size      int64  // bytes
	Used      int64  // bytes
	Parent    string // "LOGICAL/VOLUME@SNAPSHOT" of a clone, else empty
	Snapshots []*Snapshot
	Clients   Clients // that have it open, listed or not
	Rollbacks int     // how often it was rolled back

	lastSeq int // of its snapshots, the deleted ones included
}

// Snapshot is a snapshot of a Volume.
type Snapshot struct {
	Name      string
	SeqNum    int     // counts the snapshots of the volume from 1
	Size      int64   // bytes
	Protected bool    // Clone requires it
	Clients   Clients // that have it open; the registry does not list them
}

// File is "LOGICAL/VOLUME".
func (v *Volume) File() string { return v.Pool.Name + "/" + v.Name }

// Path is "cbd:PHYSICAL/LOGICAL/VOLUME".
func (v *Volume) Path() string { return Path(v.Pool.Physical, v.Pool.Name, v.Name) }

// Path puts a path together.
func Path(physical, logical, volume string) string {
	return fmt.Sprintf("cbd:%s/%s/%s", physical, logical, volume)
}

// Snapshot returns the snapshot, nil when there is none.
func (v *Volume) Snapshot(name string) *Snapshot {
	for _, sn := range v.Snapshots {
		if sn.Name == name {
			return sn
		}
	}
	return nil
}

// CreateSnapshot makes a snapshot.
func (v *Volume) CreateSnapshot(name string) error {
	if v.Snapshot(name) != nil {
		return rpcError("CreateSnapShot", v.File()+"@"+name, exists)
	}
	v.lastSeq++
	v.Snapshots = append(v.Snapshots, &Snapshot{Name: name, SeqNum: v.lastSeq, Size: v.Size})
	return nil
}

// DeleteSnapshot deletes the snapshot, also one that has a clone.
func (v *Volume) DeleteSnapshot(name string) error {
	sn := v.Snapshot(name)
	if sn == nil {
		return rpcError("DeleteSnapShot", v.File()+"@"+name, snapNotExists)
	}
	v.Snapshots = slices.DeleteFunc(v.Snapshots, func(have *Snapshot) bool { return have == sn })
	return nil
}

// Protect keeps the snapshot from being deleted, which Clone requires.
func (v *Volume) Protect(snapshot string) error {
	sn := v.Snapshot(snapshot)
	if sn == nil {
		return commandError(rpcError("ProtectSnapShot", v.File()+"@"+snapshot, snapNotExists))
	}
	sn.Protected = true
	return nil
}

// Extend makes the volume size bytes large, and reports whether it was smaller.
func (v *Volume) Extend(size int64) (grown bool, err error) {
	if size < v.Size {
		return false, rpcError("ExtendFile", v.File(), "kShrinkBiggerFile")
	}
	grown, v.Size = size > v.Size, size
	return grown, nil
}

// Flatten makes a clone independent of its snapshot, and reports whether the volume
// was a clone.
func (v *Volume) Flatten() bool {
	if v.Parent == "" {
		return false
	}
	v.Parent, v.Used = "", v.Size
	return true
}

// Close closes the volume on the client; with port 0, on all clients of the host.
func (v *Volume) Close(a Address) {
	v.Clients = slices.DeleteFunc(v.Clients, func(c *Client) bool { return c.within(a) })
}
