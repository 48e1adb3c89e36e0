package storage

import (
	"net"
	"slices"
	"strconv"
	"time"
)

// Address is where a client of the storage runs.
type Address struct {
	IP   string
	Port int
}

// String is "IP:PORT".
func (a Address) String() string { return net.JoinHostPort(a.IP, strconv.Itoa(a.Port)) }

// within reports whether the address is the one given, where port 0 means any.
func (a Address) within(of Address) bool {
	return a.IP == of.IP && (of.Port == 0 || a.Port == of.Port)
}

// Client is a host that has a volume open, or opens it again and again.
type Client struct {
	Address
	entry entry
	beat  time.Time // its first beat; zero: it holds the volume open
}

// Clients are those of a volume or of a snapshot.
type Clients []*Client

// Add opens the volume or snapshot on the client.
func (c *Clients) Add(client *Client) { *c = append(*c, client) }

// Drop closes it there.
func (c *Clients) Drop(client *Client) {
	*c = slices.DeleteFunc(*c, func(have *Client) bool { return have == client })
}

// Addresses are those of the clients, nil for none.
func (c Clients) Addresses() []Address {
	var all []Address
	for _, client := range c {
		all = append(all, client.Address)
	}
	return all
}

// link is the way of a client to the registry.
type link int

const (
	linked   link = iota // the client refreshes its entry
	cutOff               // its host does not reach the MDS
	unlinked             // it has no entry, and gets none
)

// entry says when the registry lists a client. The zero entry means always.
type entry struct {
	from  time.Time // from then on
	until time.Time // to then; zero: without end
	link  link
}

func (e entry) listed(now time.Time) bool {
	return !now.Before(e.from) && (e.until.IsZero() || now.Before(e.until))
}

// listed reports whether the registry has the client. A host that is cut off in the
// middle of a beat does not close the volume.
func (c *Client) listed(now time.Time) bool {
	return c.entry.listed(now) && (c.beat.IsZero() || c.entry.link == cutOff || beating(c.beat, now))
}

// Unlist takes the client out of the registry for good, while it has the volume
// open.
func (c *Client) Unlist(now time.Time) { c.entry = entry{until: now, link: unlinked} }
