package fakemds

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// VolumeState is what the storage knows of one volume.
type VolumeState struct {
	Path      string // cbd:PHYSICAL/LOGICAL/VOLUME
	Size      int64  // bytes
	Used      int64  // bytes
	Parent    string // "LOGICAL/VOLUME@SNAPSHOT" of a clone, else empty
	Snapshots []SnapshotState
	Clients   []ClientState // that have it open, listed or not
	Rollbacks int           // how often it was rolled back
}

// SnapshotState is what the storage knows of one snapshot.
type SnapshotState struct {
	Name      string
	SeqNum    int           // counts the snapshots of the volume from 1
	Size      int64         // bytes
	Protected bool          // a clone was made of it
	Clients   []ClientState // that have it open; no list shows them
}

// ClientState is a host that has a volume open.
type ClientState struct {
	IP   string
	Port int
}

func (c ClientState) String() string { return net.JoinHostPort(c.IP, strconv.Itoa(c.Port)) }

// PoolState is one logical pool.
type PoolState struct {
	Logical, Physical string
	Volumes           int
}

const defaultVolumeSize = 10 << 30

// splitPath takes the two spellings a test may use.
func splitPath(path string) (physical, logical, volume, snap string) {
	rest, isZbs := strings.CutPrefix(path, "zbs://")
	if !isZbs {
		rest = strings.TrimPrefix(path, "cbd:")
		physical, rest, _ = strings.Cut(rest, "/")
	}
	logical, rest, _ = strings.Cut(rest, "/")
	volume, snap, _ = strings.Cut(rest, "@")
	return physical, logical, volume, snap
}

// checkPath tells a test what is wrong with its path.
func checkPath(path string) error {
	if _, lp, vol, _ := splitPath(path); lp == "" || vol == "" || strings.Contains(vol, "/") {
		return fmt.Errorf("fakemds: %q is neither zbs://POOL/VOLUME nor cbd:PHYSICAL/POOL/VOLUME", path)
	}
	return nil
}

// parseClient reads "10.0.0.5" or "10.0.0.5:9001".
func parseClient(text string, port int) (ClientState, error) {
	host, p, err := net.SplitHostPort(text)
	if err != nil {
		return ClientState{IP: strings.Trim(text, "[]"), Port: port}, nil
	}
	n, err := strconv.Atoi(p)
	if err != nil {
		return ClientState{}, fmt.Errorf("fakemds: client %q: the port is not a number", text)
	}
	return ClientState{IP: host, Port: n}, nil
}

// AddPool makes a logical pool, or moves it to another physical pool.
func (c *Cluster) AddPool(logical, physical string) {
	c.st.mu.Lock()
	defer c.st.mu.Unlock()
	c.st.addPoolLocked(logical, physical)
}

// AddVolume makes a volume of 10 GiB, and its pool when that does not exist yet
// (for zbs://lp/vol in the physical pool "pp-lp"), and opens it on the clients,
// each "10.0.0.5" or "10.0.0.5:9001". On a volume that exists it only opens.
// A wrong path or client ends the test (in a program, it panics), here and in the
// other methods that take one.
func (c *Cluster) AddVolume(path string, clients ...string) {
	c.fail(c.addVolume(path, clients...))
}

func (c *Cluster) addVolume(path string, clients ...string) error {
	if err := checkPath(path); err != nil {
		return err
	}
	c.st.mu.Lock()
	physical, lp, vol, _ := splitPath(path)
	if c.st.poolLocked(lp) == nil {
		if physical == "" {
			physical = "pp-" + lp
		}
		c.st.addPoolLocked(lp, physical)
	}
	if c.st.volumeLocked(lp, vol) == nil {
		c.st.createLocked(lp, vol, defaultVolumeSize)
	}
	c.st.mu.Unlock()
	for _, client := range clients {
		if err := c.open(path, client); err != nil {
			return err
		}
	}
	return nil
}

// RemoveVolume takes the volume, its snapshots and its clients away. It does
// nothing when there is no such volume.
func (c *Cluster) RemoveVolume(path string) {
	c.st.mu.Lock()
	defer c.st.mu.Unlock()
	_, lp, vol, _ := splitPath(path)
	c.st.removeLocked(lp, vol)
}

// SetSize sets the size and the used size of a volume, in bytes.
func (c *Cluster) SetSize(path string, size, used int64) {
	c.change(path, func(v *volume, _ string) { v.size, v.used = size, used })
}

// AddSnapshot makes a snapshot; path ends in @SNAPSHOT.
func (c *Cluster) AddSnapshot(path string) {
	c.change(path, func(v *volume, snap string) {
		if v.snap(snap) == nil {
			v.addSnap(snap)
		}
	})
}

// Protect marks a snapshot as cloning does; path ends in @SNAPSHOT.
func (c *Cluster) Protect(path string) {
	c.change(path, func(v *volume, snap string) {
		if s := v.snap(snap); s != nil {
			s.protected = true
		}
	})
}

// change applies f to the volume that path names.
func (c *Cluster) change(path string, f func(v *volume, snap string)) {
	c.fail(c.tryChange(path, f))
}

func (c *Cluster) tryChange(path string, f func(v *volume, snap string)) error {
	c.st.mu.Lock()
	defer c.st.mu.Unlock()
	_, lp, vol, snap := splitPath(path)
	v := c.st.volumeLocked(lp, vol)
	if v == nil {
		return noVolume(path)
	}
	f(v, snap)
	return nil
}

func noVolume(path string) error { return fmt.Errorf("fakemds: no volume %s: add it first", path) }

// Open opens the volume on a host, "10.0.0.5" or "10.0.0.5:9001". The host opens a
// heartbeat volume again and again from now on, see the package comment.
func (c *Cluster) Open(path, client string) { c.fail(c.open(path, client)) }

func (c *Cluster) open(path, host string) error {
	c.st.mu.Lock()
	defer c.st.mu.Unlock()
	_, lp, vol, _ := splitPath(path)
	v := c.st.volumeLocked(lp, vol)
	if v == nil {
		return noVolume(path)
	}
	cl, err := parseClient(host, 9001+len(v.clients))
	if err != nil {
		return err
	}
	if slices.ContainsFunc(v.clients, func(have *client) bool { return have.ClientState == cl }) {
		return nil
	}
	opened := &client{ClientState: cl}
	if vol == heartbeatVolume && !c.st.keepHeartbeat {
		opened.beat = firstBeat(cl.IP, time.Now())
	}
	v.clients.add(opened)
	return nil
}

// CloseClient closes the volume on a host; without a port, all clients of the
// host. It does nothing when the volume is not open there.
func (c *Cluster) CloseClient(path, host string) {
	c.st.mu.Lock()
	defer c.st.mu.Unlock()
	_, lp, vol, _ := splitPath(path)
	v := c.st.volumeLocked(lp, vol)
	cl, err := parseClient(host, 0)
	if v == nil || err != nil {
		return
	}
	v.clients = slices.DeleteFunc(v.clients, func(have *client) bool {
		return have.IP == cl.IP && (cl.Port == 0 || have.Port == cl.Port)
	})
}

// LeaderSwitch makes the storage forget who has what open, on all nodes, for the
// time that the clients need to register again with the new leader. SwitchLeader
// gives each client a time of its own.
func (c *Cluster) LeaderSwitch(blind time.Duration) {
	c.st.mu.Lock()
	defer c.st.mu.Unlock()
	c.st.blind = time.Now().Add(blind)
}

// Volume returns a copy of what the storage knows of the volume.
func (c *Cluster) Volume(path string) (VolumeState, bool) {
	c.st.mu.Lock()
	defer c.st.mu.Unlock()
	_, lp, vol, _ := splitPath(path)
	v := c.st.volumeLocked(lp, vol)
	if v == nil {
		return VolumeState{}, false
	}
	return c.st.poolLocked(lp).state(v), true
}

// Volumes returns a copy of all volumes, pool by pool in the order made.
func (c *Cluster) Volumes() []VolumeState {
	c.st.mu.Lock()
	defer c.st.mu.Unlock()
	all := []VolumeState{}
	for _, p := range c.st.pools {
		for _, v := range p.volumes {
			all = append(all, p.state(v))
		}
	}
	return all
}

// Pools returns all logical pools in the order made.
func (c *Cluster) Pools() []PoolState {
	c.st.mu.Lock()
	defer c.st.mu.Unlock()
	all := []PoolState{}
	for _, p := range c.st.pools {
		all = append(all, PoolState{Logical: p.name, Physical: p.physical, Volumes: len(p.volumes)})
	}
	return all
}

func (p *pool) state(v *volume) VolumeState {
	s := VolumeState{
		Path: cbdPath(p.physical, p.name, v.name), Size: v.size, Used: v.used, Parent: v.parent,
		Clients: v.clients.states(), Rollbacks: v.rollbacks,
	}
	for _, sn := range v.snaps {
		s.Snapshots = append(s.Snapshots, SnapshotState{
			Name: sn.name, SeqNum: sn.seq, Size: sn.size, Protected: sn.protected, Clients: sn.clients.states(),
		})
	}
	return s
}

// AddClone makes the volume dst in the same pool as the snapshot, whose clone it
// is; snapshot ends in @SNAPSHOT. An existing dst stays as it is.
func (c *Cluster) AddClone(snapshot, dst string) {
	c.change(snapshot, func(v *volume, snap string) {
		_, lp, vol, _ := splitPath(snapshot)
		if s := v.snap(snap); s != nil {
			s.protected = true
		}
		if made, err := c.st.createLocked(lp, dst, v.size); err == nil {
			made.parent = lp + "/" + vol + "@" + snap
		}
	})
}
