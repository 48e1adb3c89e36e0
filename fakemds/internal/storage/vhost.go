package storage

import "time"

// SetTarget says whether the vhost target of the host runs. It does by default.
func (s *State) SetTarget(host string, running bool) { s.stopped[host] = !running }

// TargetRuns reports whether the vhost target of the host runs.
func (s *State) TargetRuns(host string) bool { return !s.stopped[host] }

// CreateBdev makes a block device of the volume on the host, which then is a client
// of the volume, and reports whether there was none. RestartVhost leaves none.
func (s *State) CreateBdev(host, name string, v *Volume) bool {
	key := bdevKey{host, name}
	if b := s.bdevs[key]; b != nil {
		if b.client.entry.link != unlinked {
			return false
		}
		s.DeleteBdev(host, name)
	}
	b := &bdev{volume: v, client: s.NewClient(host)}
	v.Clients.Add(b.client)
	s.bdevs[key] = b
	return true
}

// DeleteBdev closes the volume of the block device on the host, and reports whether
// there was one.
func (s *State) DeleteBdev(host, name string) bool {
	b := s.bdevs[bdevKey{host, name}]
	if b == nil {
		return false
	}
	b.volume.Clients.Drop(b.client)
	delete(s.bdevs, bdevKey{host, name})
	return true
}

// RestartVhost makes the vhost target of the host forget its block devices. Their
// machines keep the volumes open, and no list shows it.
func (s *State) RestartVhost(host string, now time.Time) {
	for _, b := range s.bdevs {
		if sameHost(b.client.IP, host) {
			b.client.Unlist(now)
		}
	}
}
