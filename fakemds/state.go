package fakemds

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
)

// gib is the unit of sizes without one on clusters before 1.6.1.
const gib = int64(1) << 30

// defaultSize of a volume that AddVolume makes, in bytes.
const defaultSize = 10 * gib

// poolCapacity is what a pool reports, in bytes.
const poolCapacity = 3 << 40

// VolumeState is a volume as the storage has it.
type VolumeState struct {
	Pool       string // logical
	Name       string
	Size       int64    // bytes
	ActualSize int64    // bytes
	Parent     string   // "pool/volume@snapshot" for a clone
	Clients    []string // "ip:port" of who has it open
	Snapshots  []SnapshotState
}

// SnapshotState is a snapshot of a volume.
type SnapshotState struct {
	Name      string
	Size      int64 // bytes
	Protected bool  // it has, or had, a clone
}

type pool struct {
	id       int
	logical  string
	physical string
}

// storage is what all nodes of a cluster share. Its methods lock for
// themselves, save those whose name ends in Locked.
type storage struct {
	mu      sync.Mutex // guards what follows
	pools   []pool
	volumes map[string]*VolumeState // by "pool/volume"
	exports map[int]string          // NBD port to path
}

func newStorage() *storage {
	return &storage{volumes: make(map[string]*VolumeState), exports: make(map[int]string)}
}

func (s *storage) addPool(logical, physical string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addPoolLocked(logical, physical)
}

func (s *storage) addPoolLocked(logical, physical string) {
	for i := range s.pools {
		if s.pools[i].logical == logical {
			s.pools[i].physical = physical
			return
		}
	}
	s.pools = append(s.pools, pool{len(s.pools) + 1, logical, physical})
}

func (s *storage) hasPoolLocked(logical string) bool {
	return slices.ContainsFunc(s.pools, func(p pool) bool { return p.logical == logical })
}

// physicalLocked finds a physical pool as the agent does: every logical pool
// whose name contains the wanted one matches, and the last match wins.
func (s *storage) physicalLocked(logical string) string {
	physical := ""
	for _, p := range s.pools {
		if strings.Contains(p.logical, logical) {
			physical = p.physical
		}
	}
	return physical
}

// splitPath reads zbs://lp/vol and cbd:pp/lp/vol as a test writes them.
func splitPath(path string) (physical, logical, volume string, err error) {
	if rest, ok := strings.CutPrefix(path, "zbs://"); ok {
		logical, volume, ok = strings.Cut(rest, "/")
		if ok && logical != "" && volume != "" && !strings.ContainsAny(volume, "/@") {
			return "", logical, volume, nil
		}
	} else if rest, ok := strings.CutPrefix(path, "cbd:"); ok {
		parts := strings.Split(rest, "/")
		if len(parts) == 3 && !slices.Contains(parts, "") && !strings.Contains(parts[2], "@") {
			return parts[0], parts[1], parts[2], nil
		}
	}
	return "", "", "", fmt.Errorf("fakemds: %q is no volume, want zbs://POOL/VOLUME or cbd:PHYSICAL/POOL/VOLUME", path)
}

// addVolume makes the volume unless it is there, and its pool on demand, and
// opens it for the clients.
func (s *storage) addVolume(path string, clients []string) error {
	physical, logical, name, err := splitPath(path)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if physical != "" || !s.hasPoolLocked(logical) {
		if physical == "" {
			physical = "pp-" + logical
		}
		s.addPoolLocked(logical, physical)
	}
	v := s.volumes[logical+"/"+name]
	if v == nil {
		v = &VolumeState{Pool: logical, Name: name, Size: defaultSize, ActualSize: gib}
		s.volumes[logical+"/"+name] = v
	}
	for _, client := range clients {
		v.openLocked(client)
	}
	return nil
}

// clientPort is the port of a client that was given without one.
const clientPort = "9001"

func (v *VolumeState) openLocked(client string) {
	client = withPort(client)
	if !slices.Contains(v.Clients, client) {
		v.Clients = append(v.Clients, client)
	}
}

func (v *VolumeState) closeLocked(client string) {
	client = withPort(client)
	v.Clients = slices.DeleteFunc(v.Clients, func(c string) bool { return c == client })
}

func withPort(client string) string {
	if _, _, err := net.SplitHostPort(client); err != nil {
		return net.JoinHostPort(client, clientPort)
	}
	return client
}

// withVolume calls f with the volume, under the lock.
func (s *storage) withVolume(path string, f func(*VolumeState)) error {
	_, logical, name, err := splitPath(path)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.volumes[logical+"/"+name]
	if v == nil {
		return fmt.Errorf("fakemds: there is no volume %s", path)
	}
	f(v)
	return nil
}

func (v *VolumeState) clone() VolumeState {
	c := *v
	c.Clients = slices.Clone(v.Clients)
	c.Snapshots = slices.Clone(v.Snapshots)
	return c
}

// allClients returns who has which volume open, for a list that goes stale.
func (s *storage) allClients() map[string][]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(map[string][]string, len(s.volumes))
	for key, v := range s.volumes {
		all[key] = slices.Clone(v.Clients)
	}
	return all
}

// snapshot returns the index of the snapshot, -1 for none.
func (v *VolumeState) snapshot(name string) int {
	return slices.IndexFunc(v.Snapshots, func(s SnapshotState) bool { return s.Name == name })
}

// snapshotLike returns the index of the first snapshot whose name contains the
// wanted one, which is how the agent compares.
func (v *VolumeState) snapshotLike(name string) int {
	return slices.IndexFunc(v.Snapshots, func(s SnapshotState) bool { return strings.Contains(s.Name, name) })
}
