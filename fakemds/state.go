package fakemds

import (
	"net"
	"strconv"

	"github.com/zbsclient/zbsclient/fakemds/internal/storage"
)

// VolumeState is what the storage knows of one volume. The zero value is no volume.
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
	Protected bool          // as cloning does, so that it cannot be deleted
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

// stateOf copies what the storage knows of the volume.
func stateOf(v *storage.Volume) VolumeState {
	s := VolumeState{
		Path: v.Path(), Size: v.Size, Used: v.Used, Parent: v.Parent,
		Clients: clientStates(v.Clients), Rollbacks: v.Rollbacks,
	}
	for _, sn := range v.Snapshots {
		s.Snapshots = append(s.Snapshots, SnapshotState{
			Name: sn.Name, SeqNum: sn.SeqNum, Size: sn.Size, Protected: sn.Protected, Clients: clientStates(sn.Clients),
		})
	}
	return s
}

func clientStates(clients storage.Clients) []ClientState {
	var all []ClientState
	for _, a := range clients.Addresses() {
		all = append(all, ClientState(a))
	}
	return all
}
