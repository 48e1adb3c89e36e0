package fakemds

import (
	"cmp"

	"github.com/zbsclient/zbsclient/fakemds/internal/storage"
)

const defaultVolumeSize = 10 << 30

// AddPool makes a logical pool, or moves it to another physical pool.
func (c *Cluster) AddPool(logical, physical string) {
	c.storage.Do(func(s *storage.State) { s.AddPool(logical, physical) })
}

// AddVolume makes a volume of 10 GiB and opens it on the clients, each "10.0.0.5" or
// "10.0.0.5:9001". It makes the pool too when that does not exist, for zbs://lp/vol in
// the physical pool "pp-lp". A volume that exists is only opened. A wrong path or
// client ends the test or, in a program, panics, here and in the other methods that
// take one.
func (c *Cluster) AddVolume(path string, clients ...string) {
	c.misuse.fail(c.addVolume(path, clients...))
}

func (c *Cluster) addVolume(path string, clients ...string) error {
	p, err := parsePath(path)
	if err != nil {
		return err
	}
	c.storage.Do(func(s *storage.State) {
		if s.Pool(p.logical) == nil {
			s.AddPool(p.logical, cmp.Or(p.physical, "pp-"+p.logical))
		}
		if p.volume(s) == nil {
			_, err = s.Create(p.logical, p.name, defaultVolumeSize)
		}
	})
	for _, client := range clients {
		if err == nil {
			err = c.open(path, client)
		}
	}
	return err
}

// RemoveVolume removes the volume with its snapshots and its clients. It does nothing
// when there is no such volume.
func (c *Cluster) RemoveVolume(path string) {
	p, _ := parsePath(path) // a wrong path names no volume
	c.storage.Do(func(s *storage.State) { s.Remove(p.logical, p.name) })
}

// SetSize sets the size and the used size of a volume, in bytes.
func (c *Cluster) SetSize(path string, size, used int64) {
	c.change(path, func(_ *storage.State, v *storage.Volume, _ string) error {
		v.Size, v.Used = size, used
		return nil
	})
}

// AddSnapshot makes a snapshot; path ends in @SNAPSHOT.
func (c *Cluster) AddSnapshot(path string) {
	c.change(path, func(_ *storage.State, v *storage.Volume, snapshot string) error {
		if v.Snapshot(snapshot) != nil {
			return nil
		}
		return v.CreateSnapshot(snapshot)
	})
}

// AddClone makes the volume dst, a clone of the snapshot, in the snapshot's pool.
// snapshot ends in @SNAPSHOT. A dst that exists stays as it is.
func (c *Cluster) AddClone(snapshot, dst string) {
	c.change(snapshot, func(s *storage.State, v *storage.Volume, snapshot string) error {
		if sn := v.Snapshot(snapshot); sn != nil {
			sn.Protected = true
		}
		if made, err := s.Create(v.Pool.Name, dst, v.Size); err == nil {
			made.Parent = v.File() + "@" + snapshot
		}
		return nil
	})
}

// Protect marks a snapshot as cloning does; path ends in @SNAPSHOT.
func (c *Cluster) Protect(path string) {
	c.change(path, func(_ *storage.State, v *storage.Volume, snapshot string) error {
		if sn := v.Snapshot(snapshot); sn != nil {
			sn.Protected = true
		}
		return nil
	})
}

// Volume returns a copy of what the storage knows of the volume.
func (c *Cluster) Volume(path string) (VolumeState, bool) {
	p, _ := parsePath(path) // a wrong path names no volume
	state, known := VolumeState{}, false
	c.storage.Do(func(s *storage.State) {
		if v := p.volume(s); v != nil {
			state, known = stateOf(v), true
		}
	})
	return state, known
}

// Volumes returns a copy of all volumes, pool by pool in the order made.
func (c *Cluster) Volumes() []VolumeState {
	all := []VolumeState{}
	c.storage.Do(func(s *storage.State) {
		for _, p := range s.Pools() {
			for _, v := range p.Volumes {
				all = append(all, stateOf(v))
			}
		}
	})
	return all
}

// Pools returns all logical pools in the order made.
func (c *Cluster) Pools() []PoolState {
	all := []PoolState{}
	c.storage.Do(func(s *storage.State) {
		for _, p := range s.Pools() {
			all = append(all, PoolState{Logical: p.Name, Physical: p.Physical, Volumes: len(p.Volumes)})
		}
	})
	return all
}
