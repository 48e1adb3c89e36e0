package cli

import "github.com/zbsclient/zbsclient/zbs"

// heartbeatSamples is how often an MDS is asked for a heartbeat volume. A host that
// keeps the volume open is listed each time.
const heartbeatSamples = 4

// heartbeatCounts counts in how many samples each MDS lists each client.
type heartbeatCounts map[zbs.Addr]map[zbs.Client]int

// add counts the clients of a sample.
func (n heartbeatCounts) add(addr zbs.Addr, clients []zbs.Client) {
	if n[addr] == nil {
		n[addr] = make(map[zbs.Client]int)
	}
	for _, c := range clients {
		n[addr][c]++
	}
}

// steady returns the clients that the MDS lists in every sample.
func (n heartbeatCounts) steady(addr zbs.Addr) (clients []zbs.Client) {
	for c, times := range n[addr] {
		if times == heartbeatSamples {
			clients = append(clients, c)
		}
	}
	return clients
}

// lists says what the lists of all MDS are like.
func (n heartbeatCounts) lists() heartbeatLists {
	if len(n) == 0 {
		return listsUnknown
	}
	lists := listsEmpty
	for addr, clients := range n {
		if len(n.steady(addr)) > 0 {
			return listsSteady
		}
		if len(clients) > 0 {
			lists = listsFlicker
		}
	}
	return lists
}
