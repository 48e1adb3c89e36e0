package proof

import (
	"slices"

	"github.com/zbsclient/zbsclient/zbs"
)

// identify finds the cluster that is expected, and which MDS name another
// (rule 1).
func (e *evaluation) identify() {
	e.cluster = e.Terms.ExpectCluster
	if e.cluster == "" {
		e.cluster = Majority(e.Evidence.Identities, len(e.Evidence.MDS))
	}
	if e.cluster == "" {
		if len(e.rounds) > 0 || e.Evidence.Abort.Code == "" {
			e.block(Reason{Code: ClusterUnknown, Detail: joinAddrs(e.nameless())})
		}
		if len(e.rounds) > 0 || e.Evidence.Abort.Code == "" || e.Evidence.Abort.Code == PoolsUnknown {
			e.blockOld()
		}
		return
	}
	for _, id := range e.Evidence.Identities {
		if id.Cluster != "" && id.Cluster != e.cluster {
			e.block(Reason{Code: WrongCluster, MDS: id.MDS, Detail: id.Cluster})
		}
	}
	for k, round := range e.Evidence.Rounds {
		for i := range round.Observations {
			if o := &round.Observations[i]; o.Cluster != "" && o.Cluster != e.cluster {
				e.block(Reason{Code: WrongCluster, MDS: o.MDS, Round: k + 1, Detail: o.Cluster})
			}
		}
	}
}

// blockOld names the MDS whose agents are too old to be asked for their cluster.
func (e *evaluation) blockOld() {
	for _, id := range e.Evidence.Identities {
		if id.Outcome == TooOld {
			e.block(Reason{Code: AgentTooOld, MDS: id.MDS, Detail: id.Error})
		}
	}
}

// nameless returns the MDS that named no cluster.
func (e *evaluation) nameless() (addrs []zbs.Addr) {
	for _, id := range e.Evidence.Identities {
		if id.Cluster == "" {
			addrs = append(addrs, id.MDS)
		}
	}
	return addrs
}

// Majority returns the cluster that more than half of n MDS name, "" if there is
// none.
func Majority(ids []Identity, n int) string {
	for _, id := range ids {
		votes := 0
		for _, other := range ids {
			if other.Cluster == id.Cluster {
				votes++
			}
		}
		if id.Cluster != "" && votes > n/2 {
			return id.Cluster
		}
	}
	return ""
}

// wrong reports whether the observation is of an MDS proved to be of another
// cluster. A ping that succeeds is later proof than what facts said.
func (e *evaluation) wrong(o *Observation) bool {
	if e.cluster == "" || o.Ping.Outcome == Answered {
		return false
	}
	if o.Cluster != "" {
		return o.Cluster != e.cluster
	}
	for _, id := range e.Evidence.Identities {
		if id.MDS == o.MDS && id.Cluster != "" {
			return id.Cluster != e.cluster
		}
	}
	return false
}

// wrongMDS reports whether the round shows the MDS to be of another cluster.
func (e *evaluation) wrongMDS(round *Round, mds zbs.Addr) bool {
	for i := range round.Observations {
		if o := &round.Observations[i]; o.MDS == mds && e.wrong(o) {
			return true
		}
	}
	return false
}

// serverPending reports whether the MDS may be on the server of another one in the
// list, for it has not said yet.
func (e *evaluation) serverPending(mds zbs.Addr) bool {
	return len(e.Evidence.MDS) > 1 &&
		slices.ContainsFunc(e.Evidence.Identities, func(id Identity) bool { return id.MDS == mds && id.ServerPending })
}

// noteServers says what is known of the machines behind the addresses (rule 5).
func (e *evaluation) noteServers() {
	servers := e.servers()
	for _, addr := range e.Evidence.MDS {
		addrs := servers[e.serverOf(addr)]
		if len(addrs) < 2 || addrs[0] != addr {
			continue
		}
		r := Reason{Code: SameServer, Detail: joinAddrs(addrs)}
		if len(servers) == 1 {
			e.block(r) // a list of several that is one agent is a mistake, not a choice
		} else {
			e.note(r)
		}
	}
	if len(e.Evidence.MDS) == 1 {
		e.note(Reason{Code: SingleMDS})
		return
	}
	var unknown []zbs.Addr
	for _, addr := range e.Evidence.MDS {
		if e.serverOf(addr) == addr.String() && e.everLists(addr) {
			unknown = append(unknown, addr)
		}
	}
	if len(unknown) > 0 {
		e.note(Reason{Code: ServerUnknown, Detail: joinAddrs(unknown)})
	}
}

// everLists reports whether the MDS proved in some round that it can list.
func (e *evaluation) everLists(mds zbs.Addr) bool {
	return slices.ContainsFunc(e.rounds, func(r roundReading) bool {
		return slices.ContainsFunc(r.listing, func(l provedListing) bool { return l.mds == mds })
	})
}
