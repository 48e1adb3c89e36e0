package storage

import (
	"net"
	"slices"
	"time"
)

// The registry of clients lives in the memory of the storage's leader. Usually it
// lists a client from Open to Close. The methods of this file part the two, as
// happens in the real storage: the volume stays open, and the list does not show it
// for a while, or it is closed and still listed.

// NewClient makes a client on a port that no other one has.
func (s *State) NewClient(ip string) *Client {
	s.lastPort++
	return &Client{Address: Address{IP: ip, Port: s.lastPort}}
}

// Open opens the volume on the client, unless it has it open. A port of 0 means the
// next one from 9001.
func (s *State) Open(v *Volume, a Address, now time.Time) {
	if a.Port == 0 {
		a.Port = 9001 + len(v.Clients)
	}
	if slices.Contains(v.Clients.Addresses(), a) {
		return
	}
	c := &Client{Address: a}
	if v.Name == heartbeatVolume && !s.options.KeepHeartbeatOpen {
		c.beat = firstBeat(a.IP, now)
	}
	v.Clients.Add(c)
}

// ListedByFile is what the registry has of all volumes, by Volume.File.
func (s *State) ListedByFile(now time.Time) map[string][]Address {
	all := map[string][]Address{}
	for _, p := range s.pools {
		for _, v := range p.Volumes {
			all[v.File()] = s.Listed(v, now)
		}
	}
	return all
}

// Blind empties all lists until then.
func (s *State) Blind(until time.Time) { s.blind = until }

// Delay says how long something takes for a client of the volume "LOGICAL/VOLUME".
// State calls it with the storage locked, so it must not call back.
type Delay func(volume string, client Address) time.Duration

// ListFrom lists a client of the volume from then on and not before; with port 0,
// all clients of the host.
func (s *State) ListFrom(v *Volume, a Address, from time.Time) {
	for _, c := range v.Clients {
		if c.within(a) {
			c.entry = entry{from: from}
		}
	}
}

// SwitchLeader empties the registry. It lists a client again after the delay, one
// that is cut off not before Reconnect.
func (s *State) SwitchLeader(now time.Time, back Delay) {
	s.eachEntry("", func(volume string, c *Client) entry {
		if c.entry.link != linked {
			return entry{until: now, link: c.entry.link}
		}
		return entry{from: now.Add(back(volume, c.Address))}
	})
}

// CutOff parts the host from the MDS. A client that is listed stays so for the delay.
// One that is not listed will not be.
func (s *State) CutOff(host string, now time.Time, lasts Delay) {
	s.eachEntry(host, func(volume string, c *Client) entry {
		switch {
		case c.entry.link != linked:
			return c.entry
		case !c.listed(now):
			return entry{until: now, link: cutOff}
		}
		return entry{from: c.entry.from, until: now.Add(lasts(volume, c.Address)), link: cutOff}
	})
}

// Reconnect ends CutOff. A client that is still listed stays so. The others are
// listed again after the delay.
func (s *State) Reconnect(host string, now time.Time, back Delay) {
	s.eachEntry(host, func(volume string, c *Client) entry {
		switch {
		case c.entry.link != cutOff:
			return c.entry
		case c.listed(now):
			return entry{from: c.entry.from}
		}
		return entry{from: now.Add(back(volume, c.Address))}
	})
}

// eachEntry changes the entries of all clients of the host, of all hosts for "".
func (s *State) eachEntry(host string, change func(volume string, c *Client) entry) {
	for _, p := range s.pools {
		for _, v := range p.Volumes {
			for _, c := range v.Clients {
				if host == "" || sameHost(c.IP, host) {
					c.entry = change(v.File(), c)
				}
			}
		}
	}
}

func sameHost(a, b string) bool {
	return a == b || net.ParseIP(a) != nil && net.ParseIP(a).Equal(net.ParseIP(b))
}
