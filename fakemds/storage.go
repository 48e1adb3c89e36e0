package fakemds

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/fakemds/internal/python"
)

// storage is what all nodes of a cluster share, as they share the real ZBS. Its
// methods are the storage's own commands; their errors are the texts of those.
type storage struct {
	honest             bool // Honest
	keepHeartbeat      bool // KeepHeartbeatOpen
	snapshotDeleteLies bool // SnapshotDeleteLies

	mu       sync.Mutex            // guards everything below, never held while waiting
	pools    []*pool               // in the order they were made
	bdevs    map[string]*bdevState // vhost block devices by HOST/NAME
	noTarget map[string]bool       // hosts whose vhost target does not run
	blind    time.Time             // until then the leader knows no client

	lastPort int // of the clients that no test named
}

type pool struct {
	id            int
	name          string
	physical      string
	volumes       []*volume // in the order they were made
	capacity      int64     // bytes
	createdAtUnix int64
}

type volume struct {
	name      string
	size      int64 // bytes
	used      int64 // bytes
	parent    string
	snaps     []*snapshot
	lastSeq   int // of its snapshots, those deleted included
	clients   openers
	rollbacks int
}

// bdevState is a vhost block device, which keeps its volume open on the host.
type bdevState struct {
	volume *volume
	client *client
}

type snapshot struct {
	name      string
	seq       int // counts the snapshots of the volume from 1
	size      int64
	protected bool
	clients   openers
}

// rpcError is the text of a failed call of the storage.
func rpcError(call, what, code string) error {
	return python.Errorf("Rpc[%s] for [%s] status code: %s", call, what, code)
}

const (
	notExists     = "kFileNotExists"
	occupied      = "kFileOccupied"
	exists        = "kFileExists"
	snapNotExists = "kSnapshotFileNotExists"
)

func (s *storage) poolLocked(name string) *pool {
	for _, p := range s.pools {
		if p.name == name {
			return p
		}
	}
	return nil
}

func (s *storage) volumeLocked(lp, name string) *volume {
	if p := s.poolLocked(lp); p != nil {
		for _, v := range p.volumes {
			if v.name == name {
				return v
			}
		}
	}
	return nil
}

func (s *storage) fileLocked(call, lp, name string) (*volume, error) {
	if v := s.volumeLocked(lp, name); v != nil {
		return v, nil
	}
	return nil, rpcError(call, lp+"/"+name, notExists)
}

func (s *storage) addPoolLocked(name, physical string) *pool {
	if p := s.poolLocked(name); p != nil {
		p.physical = physical
		return p
	}
	p := &pool{id: len(s.pools) + 1, name: name, physical: physical, capacity: 3 << 40, createdAtUnix: 1700000000}
	s.pools = append(s.pools, p)
	return p
}

// physicalLocked looks the physical pool up as the agent does: by substring,
// and the last pool that matches wins. So lp1 is found in lp10.
func (s *storage) physicalLocked(logical any) (string, error) {
	physical := ""
	for _, p := range s.pools {
		in, err := s.names(logical, p.name)
		if err != nil {
			return "", err
		}
		if in {
			physical = p.physical
		}
	}
	return physical, nil
}

// names tells whether part stands for the name: as the real agent has it, when
// it is a part of it.
func (s *storage) names(part any, name string) (bool, error) {
	in, err := python.Contains(part, name)
	return in && (!s.honest || part == name), err
}

func (s *storage) createLocked(lp, name string, size int64) (*volume, error) {
	p := s.poolLocked(lp)
	if p == nil {
		return nil, rpcError("CreateFile", lp+"/"+name, notExists)
	}
	if s.volumeLocked(lp, name) != nil {
		return nil, rpcError("CreateFile", lp+"/"+name, exists)
	}
	v := &volume{name: name, size: size}
	p.volumes = append(p.volumes, v)
	return v, nil
}

// removeLocked tells whether there was such a volume.
func (s *storage) removeLocked(lp, name string) bool {
	p := s.poolLocked(lp)
	if p == nil {
		return false
	}
	for i, v := range p.volumes {
		if v.name == name {
			p.volumes = append(p.volumes[:i], p.volumes[i+1:]...)
			return true
		}
	}
	return false
}

// clonesLocked counts the volumes that still depend on the snapshot.
func (s *storage) clonesLocked(lp, vol, snap string) int {
	n := 0
	for _, p := range s.pools {
		for _, v := range p.volumes {
			if v.parent == lp+"/"+vol+"@"+snap {
				n++
			}
		}
	}
	return n
}

func (v *volume) snap(name string) *snapshot {
	for _, s := range v.snaps {
		if s.name == name {
			return s
		}
	}
	return nil
}

func (v *volume) addSnap(name string) {
	v.lastSeq++
	v.snaps = append(v.snaps, &snapshot{name: name, seq: v.lastSeq, size: v.size})
}

func (v *volume) dropSnap(name string) {
	for i, s := range v.snaps {
		if s.name == name {
			v.snaps = append(v.snaps[:i], v.snaps[i+1:]...)
			return
		}
	}
}

// target is a path taken apart as the agent does it: by ':' then '/' then '@',
// with no look at what stands before or behind.
type target struct {
	physical, logical, volume string
	snapshot                  any // nil when the path names none
	text                      string
	stray                     bool // the path has more than that
}

func (t target) file() string { return t.logical + "/" + t.volume }

func parseTarget(v any) (target, error) {
	path, ok := v.(string)
	if !ok {
		if _, isObject := v.(map[string]any); isObject {
			return target{}, python.Errorf("'NoneType' object is not callable")
		}
		return target{}, python.Errorf("'%s' object has no attribute 'split'", python.TypeName(v))
	}
	colon := strings.Split(path, ":")
	if len(colon) < 2 {
		return target{}, python.Errorf("list index out of range")
	}
	slash := strings.Split(colon[1], "/")
	if len(slash) < 3 {
		return target{}, python.Errorf("list index out of range")
	}
	t := target{physical: slash[0], logical: slash[1], volume: slash[2], text: path}
	if at := strings.Split(slash[2], "@"); len(at) > 2 {
		return target{}, python.Errorf("too many values to unpack (expected 2)")
	} else if len(at) == 2 {
		t.volume, t.snapshot = at[0], at[1]
	}
	t.stray = path != cbdPath(t.physical, t.logical, slash[2])
	return t, nil
}

// parseSize is the storage's reading of --size: a whole number of unit.
func parseSize(size, unit any) (int64, error) {
	text := python.Str(size)
	if unit != nil {
		text += python.Str(unit)
	}
	if _, isObject := size.(map[string]any); isObject {
		return 0, shellError("/bin/bash: line 1: zstacklib.utils.jsonobject.JsonObject: No such file or directory")
	}
	bad := rpcError("ParseSize", text, "kParaError")
	var factor int64
	if unit == nil {
		factor = 1 << 30
	} else {
		switch python.Str(unit) {
		case "M", "MiB":
			factor = 1 << 20
		case "G", "GiB", "":
			factor = 1 << 30
		case "T", "TiB":
			factor = 1 << 40
		default:
			return 0, bad
		}
	}
	var n int64
	digits := python.Str(size)
	for _, r := range digits {
		if r < '0' || r > '9' || n > 1<<40 {
			return 0, bad
		}
		n = n*10 + int64(r-'0')
	}
	if digits == "" || n == 0 || n > (1<<62)/factor {
		return 0, bad
	}
	return n * factor, nil
}

func cbdPath(physical, logical, volume string) string {
	return fmt.Sprintf("cbd:%s/%s/%s", physical, logical, volume)
}

// allClients is what the registry has of all volumes, by LOGICAL/VOLUME.
func (s *storage) allClients() map[string][]ClientState {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	all := map[string][]ClientState{}
	for _, p := range s.pools {
		for _, v := range p.volumes {
			all[p.name+"/"+v.name] = s.listedLocked(v, now)
		}
	}
	return all
}
