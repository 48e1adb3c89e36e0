package mds

import (
	"slices"
	"time"

	"github.com/zbsclient/zbsclient/mds/internal/hedge"
	"github.com/zbsclient/zbsclient/zbs"
)

// cluster is the MDS of a Caller, and the order in which they are asked.
type cluster struct {
	servers []*server // in the order of the list
	byName  map[string]*server
	router  func() Router
}

func (c *cluster) add(s *server) {
	c.servers = append(c.servers, s)
	c.byName[s.name] = s
}

// find returns the MDS of the address, nil if it is not in the list.
func (c *cluster) find(addr zbs.Addr) *server { return c.byName[addr.String()] }

// candidates returns the MDS to ask, in the order of the router or the list. It may be
// the cluster's own list, which must not be changed.
func (c *cluster) candidates(opts *callConfig) []*server {
	switch {
	case opts.target != nil:
		if s := c.find(*opts.target); s != nil {
			return []*server{s}
		}
		return nil
	case len(opts.except) > 0:
		excepted := func(s *server) bool { return slices.Contains(opts.except, s.addr) }
		return slices.DeleteFunc(c.routed(opts.key), excepted)
	case opts.key != "":
		return c.routed(opts.key)
	default:
		return c.servers
	}
}

// routed returns every MDS once, those that the router names for the key first.
func (c *cluster) routed(key string) []*server {
	servers := make([]*server, 0, len(c.servers))
	add := func(s *server) {
		if s != nil && !slices.Contains(servers, s) {
			servers = append(servers, s)
		}
	}
	if key != "" {
		for name := range c.router().Walk(key) {
			add(c.byName[name])
		}
	}
	for _, s := range c.servers {
		add(s)
	}
	return servers
}

// best returns the index of the candidate to ask first.
func best(candidates []*server) int {
	found, top := 0, candidates[0].standing()
	if top.ready() {
		return 0
	}
	for i, s := range candidates[1:] {
		if st := s.standing(); st.before(top) {
			found, top = i+1, st
		}
	}
	return found
}

// hedgeDelay returns how long an attempt at s may take before the next MDS is asked
// as well.
func (c *cluster) hedgeDelay(s *server, endpoint string) time.Duration {
	var peers hedge.Peers
	for _, peer := range c.servers {
		peers.Add(peer.tally(endpoint).usual.Usual())
	}
	return s.cfg.hedge.Delay(s.tally(endpoint).usual.Usual(), peers)
}
