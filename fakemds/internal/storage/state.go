package storage

import (
	"slices"
	"time"
)

// Options are the ways in which storages differ. The zero value is the usual one.
type Options struct {
	// KeepHeartbeatOpen makes hosts hold the heartbeat volumes open. By default they
	// open one for an instant, again and again.
	KeepHeartbeatOpen bool
}

// State is what the storage knows. Its methods are the storage's commands. Not safe
// for concurrent use: get it from Storage.Do.
type State struct {
	options  Options
	pools    []*Pool // in the order they were made
	bdevs    map[bdevKey]*bdev
	stopped  map[string]bool // hosts whose vhost target does not run
	blind    time.Time       // until then the registry lists no client
	lastPort int             // of the clients that NewClient made
}

// bdev is a vhost block device, which keeps its volume open on the host.
type bdev struct {
	volume *Volume
	client *Client
}

type bdevKey struct{ host, name string }

// Pools are all logical pools in the order they were made.
func (s *State) Pools() []*Pool { return s.pools }

// Pool returns the logical pool, nil when there is none.
func (s *State) Pool(name string) *Pool {
	for _, p := range s.pools {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// AddPool makes a logical pool of 3 TiB, or moves it to another physical pool.
func (s *State) AddPool(name, physical string) {
	if p := s.Pool(name); p != nil {
		p.Physical = physical
		return
	}
	s.pools = append(s.pools, &Pool{
		ID: len(s.pools) + 1, Name: name, Physical: physical, Capacity: 3 << 40, CreatedAtUnix: 1700000000,
	})
}

// Volume returns the volume, nil when there is none.
func (s *State) Volume(pool, name string) *Volume {
	if p := s.Pool(pool); p != nil {
		for _, v := range p.Volumes {
			if v.Name == name {
				return v
			}
		}
	}
	return nil
}

// Find returns the volume, or the error of the command that looks for it.
func (s *State) Find(command, pool, name string) (*Volume, error) {
	if v := s.Volume(pool, name); v != nil {
		return v, nil
	}
	return nil, rpcError(command, pool+"/"+name, NotExists)
}

// Create makes a volume of size bytes.
func (s *State) Create(pool, name string, size int64) (*Volume, error) {
	p := s.Pool(pool)
	if p == nil {
		return nil, rpcError("CreateFile", pool+"/"+name, NotExists)
	}
	if s.Volume(pool, name) != nil {
		return nil, rpcError("CreateFile", pool+"/"+name, exists)
	}
	v := &Volume{Name: name, Pool: p, Size: size}
	p.Volumes = append(p.Volumes, v)
	return v, nil
}

// Remove takes the volume away, with all that depends on it, and reports whether
// there was one.
func (s *State) Remove(pool, name string) bool {
	v := s.Volume(pool, name)
	if v == nil {
		return false
	}
	v.Pool.Volumes = slices.DeleteFunc(v.Pool.Volumes, func(have *Volume) bool { return have == v })
	return true
}

// Delete deletes first the snapshots that have no clone, then the volume. The volume
// stays when a snapshot is left, or when the registry lists a client.
func (s *State) Delete(v *Volume, now time.Time) error {
	v.Snapshots = slices.DeleteFunc(v.Snapshots, func(sn *Snapshot) bool { return !s.HasClone(v, sn.Name) })
	if len(v.Snapshots) > 0 {
		return commandError(rpcError("DeleteFile", v.File(), "kFileUnderSnapShot"))
	}
	if len(s.Listed(v, now)) > 0 {
		return commandError(rpcError("DeleteFile", v.File(), occupied))
	}
	s.Remove(v.Pool.Name, v.Name)
	return nil
}

// HasClone reports whether a volume still depends on the snapshot.
func (s *State) HasClone(v *Volume, snapshot string) bool {
	parent := v.File() + "@" + snapshot
	return slices.ContainsFunc(s.pools, func(p *Pool) bool {
		return slices.ContainsFunc(p.Volumes, func(v *Volume) bool { return v.Parent == parent })
	})
}

// Listed is what the registry has of the volume.
func (s *State) Listed(v *Volume, now time.Time) []Address {
	if now.Before(s.blind) {
		return nil
	}
	var listed []Address
	for _, c := range v.Clients {
		if c.listed(now) {
			listed = append(listed, c.Address)
		}
	}
	return listed
}

// Rollback sets the volume back to the snapshot, unless the registry lists a client
// of it.
func (s *State) Rollback(v *Volume, snapshot string, now time.Time) error {
	sn := v.Snapshot(snapshot)
	if sn == nil {
		return rpcError("Rollback", v.File()+"@"+snapshot, snapNotExists)
	}
	if len(s.Listed(v, now)) > 0 {
		return rpcError("Rollback", v.File()+"@"+snapshot, occupied)
	}
	v.Size = sn.Size
	v.Rollbacks++
	return nil
}

// Clone makes the volume dst, which depends on the snapshot, in the same pool. The
// snapshot must be protected.
func (s *State) Clone(v *Volume, snapshot, dst string) (*Volume, error) {
	src, sn := v.File()+"@"+snapshot, v.Snapshot(snapshot)
	switch {
	case sn == nil:
		return nil, rpcError("Clone", src, snapNotExists)
	case !sn.Protected:
		return nil, rpcError("Clone", src, "kNotSupported")
	case s.Volume(v.Pool.Name, dst) != nil:
		return nil, commandError(rpcError("Clone", src, exists))
	}
	made, err := s.Create(v.Pool.Name, dst, sn.Size)
	if err == nil {
		made.Parent = src
	}
	return made, err
}

// Copy makes the volume dst, with the data of the snapshot and independent of it.
func (s *State) Copy(v *Volume, snapshot, pool, dst string) (*Volume, error) {
	sn := v.Snapshot(snapshot)
	if sn == nil {
		return nil, rpcError("Copy", v.File()+"@"+snapshot, snapNotExists)
	}
	made, err := s.Create(pool, dst, sn.Size)
	if err == nil {
		made.Used = made.Size
	}
	return made, err
}
