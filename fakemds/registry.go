package fakemds

import (
	"net"
	"slices"
	"time"
)

// The registry of clients lives in the memory of the storage's leader. Usually a
// client is listed from Open to CloseClient. The methods of this file part the two,
// as it happens in the real storage: the volume stays open, and the list does not
// show it for a while. How long is up to the test, which knows its own timing.

// client is a host that has a volume open, or opens it again and again.
type client struct {
	ClientState
	entry entry
	beat  time.Time // its first beat; zero: it holds the volume open
}

// openers are the clients of a volume or of a snapshot.
type openers []*client

func (o *openers) add(c *client) { *o = append(*o, c) }

func (o *openers) drop(c *client) {
	*o = slices.DeleteFunc(*o, func(have *client) bool { return have == c })
}

func (o openers) states() []ClientState {
	var all []ClientState
	for _, c := range o {
		all = append(all, c.ClientState)
	}
	return all
}

// newClientLocked makes a client on a port that no other one has.
func (s *storage) newClientLocked(ip string) *client {
	s.lastPort++
	return &client{ClientState: ClientState{IP: ip, Port: s.lastPort}}
}

// listed tells whether the registry has the client. A host that is cut off in
// the middle of a beat does not close the volume.
func (c *client) listed(now time.Time) bool {
	return c.entry.listed(now) && (c.beat.IsZero() || c.entry.link == cutOff || beating(c.beat, now))
}

// entry says when a client is listed. The zero entry is of a client that always is.
type entry struct {
	from  time.Time // from then on
	until time.Time // to then; zero: for ever
	link  link
}

// link is the way of a client to the registry.
type link int

const (
	linked   link = iota // it refreshes its entry
	cutOff               // its host does not reach the MDS
	unlinked             // it has no entry, and gets none
)

func (e entry) listed(now time.Time) bool {
	return !now.Before(e.from) && (e.until.IsZero() || now.Before(e.until))
}

// listedLocked is what the registry has of the volume.
func (s *storage) listedLocked(v *volume, now time.Time) []ClientState {
	if now.Before(s.blind) {
		return nil
	}
	var listed []ClientState
	for _, c := range v.clients {
		if c.listed(now) {
			listed = append(listed, c.ClientState)
		}
	}
	return listed
}

// RegistryDelay says how long something takes for a client of the volume
// LOGICAL/VOLUME. It is called with the storage locked and must not call back.
type RegistryDelay func(volume string, client ClientState) time.Duration

// OpenLate opens the volume on a host, like Open, and lists the client only after
// the delay: it writes before the registry knows it.
func (c *Cluster) OpenLate(path, client string, after time.Duration) {
	c.fail(c.open(path, client))
	c.st.mu.Lock()
	defer c.st.mu.Unlock()
	_, lp, vol, _ := splitPath(path)
	v := c.st.volumeLocked(lp, vol)
	host, _ := parseClient(client, 0)
	for _, cl := range v.clients {
		if cl.IP == host.IP && (host.Port == 0 || host.Port == cl.Port) {
			cl.entry = entry{from: time.Now().Add(after)}
		}
	}
}

// SwitchLeader empties the registry. A client is listed again after the delay,
// one that is cut off not before Reconnect.
func (c *Cluster) SwitchLeader(back RegistryDelay) {
	now := time.Now()
	c.eachEntry("", func(volume string, cl *client) entry {
		if cl.entry.link != linked {
			return entry{until: now, link: cl.entry.link}
		}
		return entry{from: now.Add(back(volume, cl.ClientState))}
	})
}

// CutOff parts the host from the MDS, but not from the data, or ends it without
// its volumes being closed: nobody can tell. What it has open and is listed stays
// so for the given time, what is not listed yet will not be.
func (c *Cluster) CutOff(host string, lasts RegistryDelay) {
	now := time.Now()
	c.eachEntry(host, func(volume string, cl *client) entry {
		switch {
		case cl.entry.link != linked:
			return cl.entry
		case !cl.listed(now):
			return entry{until: now, link: cutOff}
		}
		return entry{from: cl.entry.from, until: now.Add(lasts(volume, cl.ClientState)), link: cutOff}
	})
}

// Reconnect ends CutOff: what is still listed stays so, the rest is listed again
// after the delay.
func (c *Cluster) Reconnect(host string, back RegistryDelay) {
	now := time.Now()
	c.eachEntry(host, func(volume string, cl *client) entry {
		switch {
		case cl.entry.link != cutOff:
			return cl.entry
		case cl.listed(now):
			return entry{from: cl.entry.from}
		}
		return entry{from: now.Add(back(volume, cl.ClientState))}
	})
}

// eachEntry changes the entries of all clients of the host, of all hosts for "".
func (c *Cluster) eachEntry(host string, change func(volume string, cl *client) entry) {
	c.st.mu.Lock()
	defer c.st.mu.Unlock()
	for _, p := range c.st.pools {
		for _, v := range p.volumes {
			for _, cl := range v.clients {
				if host == "" || sameHost(cl.IP, host) {
					cl.entry = change(p.name+"/"+v.name, cl)
				}
			}
		}
	}
}

func sameHost(a, b string) bool {
	return a == b || net.ParseIP(a) != nil && net.ParseIP(a).Equal(net.ParseIP(b))
}
