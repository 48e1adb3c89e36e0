package fakemds

import (
	"time"

	"github.com/zbsclient/zbsclient/fakemds/internal/storage"
)

// Open opens the volume on a host, "10.0.0.5" or "10.0.0.5:9001". The host opens a
// heartbeat volume again and again from now on, see the package comment.
func (c *Cluster) Open(path, client string) { c.misuse.fail(c.open(path, client)) }

func (c *Cluster) open(path, client string) error {
	return c.tryChange(path, func(s *storage.State, v *storage.Volume, _ string) error {
		a, err := parseClient(client)
		if err == nil {
			s.Open(v, a, time.Now())
		}
		return err
	})
}

// CloseClient closes the volume on a host; without a port, all clients of the
// host. It does nothing when the volume is not open there.
func (c *Cluster) CloseClient(path, host string) {
	p, _ := parsePath(path) // a wrong path names no volume
	a, err := parseClient(host)
	c.storage.Do(func(s *storage.State) {
		if v := p.volume(s); v != nil && err == nil {
			v.Close(a)
		}
	})
}

// LeaderSwitch empties all lists of clients, on all nodes, for the time that the
// clients need to register again with the new leader. SwitchLeader gives each client
// a time of its own.
func (c *Cluster) LeaderSwitch(blind time.Duration) {
	c.storage.Do(func(s *storage.State) { s.Blind(time.Now().Add(blind)) })
}

// RegistryDelay says how long something takes for a client of the volume
// LOGICAL/VOLUME. The cluster calls it with the storage locked, so it must not use
// the cluster.
type RegistryDelay func(volume string, client ClientState) time.Duration

// delay is the RegistryDelay of the storage.
func (d RegistryDelay) delay(volume string, a storage.Address) time.Duration {
	return d(volume, ClientState(a))
}

// OpenLate opens the volume on a host, like Open, and lists the client only after
// the delay: the client writes before the registry knows it.
func (c *Cluster) OpenLate(path, client string, after time.Duration) {
	c.misuse.fail(c.open(path, client))
	c.change(path, func(s *storage.State, v *storage.Volume, _ string) error {
		a, err := parseClient(client)
		s.ListFrom(v, a, time.Now().Add(after))
		return err
	})
}

// SwitchLeader empties the registry. A client is listed again after the delay,
// one that is cut off not before Reconnect.
func (c *Cluster) SwitchLeader(back RegistryDelay) {
	c.storage.Do(func(s *storage.State) { s.SwitchLeader(time.Now(), back.delay) })
}

// CutOff cuts the host off from the MDS and not from the data. A host that died with
// its volumes open looks the same. Its clients that are listed stay so for the given
// time. Those that are not listed will not be.
func (c *Cluster) CutOff(host string, lasts RegistryDelay) {
	c.storage.Do(func(s *storage.State) { s.CutOff(host, time.Now(), lasts.delay) })
}

// Reconnect ends CutOff. A client that is still listed stays so. The others are
// listed again after the delay.
func (c *Cluster) Reconnect(host string, back RegistryDelay) {
	c.storage.Do(func(s *storage.State) { s.Reconnect(host, time.Now(), back.delay) })
}
