package mds

import (
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// Stats is what a Caller has counted since New. It is a copy.
type Stats struct {
	MDS       []MDSStats      // in the order of the list
	Endpoints []EndpointStats // those that were called, by name
	Budget    float64         // retry tokens left
}

// MDSStats is what was counted of one MDS.
type MDSStats struct {
	Addr         zbs.Addr
	Breaker      Breaker
	Disconnected bool      // a Session says so
	InFlight     int       // attempts and health checks under way, those that wait for a connection included
	LastErr      error     // of the last attempt or health check that failed; nil: none has
	LastErrAt    time.Time // when that was
	Recognitions uint64    // small requests that ask what the agent can do

	Counts                  // of all endpoints together
	Endpoints []NamedCounts // those that were asked for, by name
}

// NamedCounts are the counts of one endpoint at one MDS.
type NamedCounts struct {
	Endpoint string // such as "volume/clients"
	Counts
}

// EndpointStats is what was counted of one endpoint.
type EndpointStats struct {
	Endpoint string // such as "volume/clients"
	Calls    uint64 // that ended
	Failed   uint64 // of these
	Counts          // of the attempts at all MDS
}

// Stats returns what the Caller has counted so far. An attempt that ends meanwhile may
// be counted in part.
func (c *Caller) Stats() Stats {
	all := Stats{Budget: c.shared.budget.Left()}
	byName := make(map[string]Counts)
	for _, s := range c.cluster.servers {
		m := s.stats()
		for _, e := range m.Endpoints {
			byName[e.Endpoint] = byName[e.Endpoint].plus(e.Counts)
		}
		all.MDS = append(all.MDS, m)
	}
	for _, name := range c.calls.Names() {
		calls := c.calls.Get(name)
		failed := calls.failed.Load()
		all.Endpoints = append(all.Endpoints, EndpointStats{
			Endpoint: name, Calls: calls.succeeded.Load() + failed, Failed: failed, Counts: byName[name],
		})
	}
	return all
}

func (s *server) stats() MDSStats {
	m := MDSStats{
		Addr: s.addr, Breaker: s.state(), Disconnected: s.disconnected.Load(), InFlight: int(s.inFlight.Load()),
		Recognitions: s.agent.Asked(),
	}
	if f := s.lastFailure.Load(); f != nil {
		m.LastErr, m.LastErrAt = f.err, f.at
	}
	for _, name := range s.tallies.Names() {
		counts := s.tally(name).snapshot()
		m.Counts = m.Counts.plus(counts)
		m.Endpoints = append(m.Endpoints, NamedCounts{name, counts})
	}
	return m
}
