package guard

import (
	"net/netip"
	"slices"

	"github.com/zbsclient/zbsclient/zbs"
)

// shown collects which hosts the canary must show in each round: those that any
// MDS showed in an earlier round or in the same.
func (j *judging) shown() {
	j.hosts = make([][]netip.Addr, len(j.ev.Rounds))
	var all []netip.Addr
	for k, round := range j.ev.Rounds {
		for i := range round.Observations {
			if o := &round.Observations[i]; !j.wrong(o) {
				all = union(all, j.hostsOf(o.Canary.Clients))
			}
		}
		j.hosts[k] = all
	}
}

// union returns the sorted hosts of both, changing neither.
func union(a, b []netip.Addr) []netip.Addr {
	switch {
	case !slices.ContainsFunc(b, func(host netip.Addr) bool { return !has(a, host) }):
		return a
	case len(a) == 0:
		return b
	}
	all := slices.Concat(a, b)
	slices.SortFunc(all, netip.Addr.Compare)
	return slices.Compact(all)
}

func has(hosts []netip.Addr, host netip.Addr) bool {
	_, found := slices.BinarySearchFunc(hosts, host, netip.Addr.Compare)
	return found
}

// parsedList is a list of clients with its hosts, sorted, each once.
type parsedList struct {
	clients []zbs.Client
	hosts   []netip.Addr
}

// hostsOf returns the hosts of the clients, sorted, each once. A client without
// an address is no host that could be missed. Lists of the canary are mostly the
// same, and may be of hundreds of hosts: each is read once.
func (j *judging) hostsOf(clients []zbs.Client) []netip.Addr {
	for _, p := range j.parsed {
		if slices.Equal(p.clients, clients) {
			return p.hosts
		}
	}
	hosts := make([]netip.Addr, 0, len(clients))
	for _, c := range clients {
		if host, ok := hostAddr(c.IP); ok {
			hosts = append(hosts, host)
		}
	}
	slices.SortFunc(hosts, netip.Addr.Compare)
	hosts = slices.Compact(hosts)
	j.parsed = append(j.parsed, parsedList{clients, hosts})
	return hosts
}

// canary decides whether the MDS shows the hosts that it must.
func (j *judging) canary(k int, o *Observation) Reason {
	hosts := j.hostsOf(o.Canary.Clients)
	if len(hosts) == 0 {
		return Reason{Code: CanaryEmpty}
	}
	accounted := len(hosts)
	for i, a := range j.terms.Fences {
		twice := slices.ContainsFunc(j.terms.Fences[:i], func(b Attestation) bool { return a.Host == b.Host })
		if !twice && !has(hosts, a.Host) && j.fenced(a.Host, k) {
			accounted++
		}
	}
	for _, host := range j.hosts[k] {
		if !has(hosts, host) && !slices.Contains(j.terms.Allowed, host) && !j.fenced(host, k) {
			return Reason{Code: CanaryLost, Detail: host.String()}
		}
	}
	if accounted < j.terms.MinCanaryHosts {
		return Reason{Code: CanaryFew}
	}
	return Reason{}
}
