package guard

import (
	"fmt"
	"slices"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
)

// drawSetup draws what the deployment is like.
func (w *world) drawSetup() {
	w.setup = simSetup{
		heartbeat: w.IntN(2) == 0,
		witness:   w.IntN(2) == 0,
		stranger:  w.IntN(8) == 0,
		reboots:   w.IntN(6) == 0,
		bulk:      w.IntN(15) == 0,
		warm:      w.IntN(6) == 0,
	}
	if w.IntN(6) == 0 {
		w.setup.selfFencing = []time.Duration{5 * time.Second, 20 * time.Second, 30 * time.Second, 90 * time.Second}[w.IntN(4)]
		w.ends += w.setup.selfFencing
	}
	if w.setup.bulk && w.IntN(2) == 0 {
		w.setup.body = time.Duration(w.Int64N(int64(20 * time.Second)))
	}
	if w.IntN(20) == 0 {
		w.setup.slowSource = time.Duration(w.Int64N(int64(20 * time.Second)))
	}
	w.setup.addrs, w.setup.servers = w.drawList()
}

// drawList draws the list of MDS: some lists name a server several times, some
// lack one.
func (w *world) drawList() (addrs []string, servers int) {
	for i := range simMDS {
		addrs = append(addrs, fmt.Sprintf("mds-%d.fake:7763", i))
	}
	servers = simMDS
	kind := w.IntN(12)
	if kind == 0 {
		servers = 1 + w.IntN(simMDS-1)
		addrs = addrs[:servers]
	}
	if kind < 3 {
		for _, alias := range simAliases[:1+w.IntN(len(simAliases))] {
			addrs = append(addrs, fmt.Sprintf("%s-%d.fake:7763", alias, w.IntN(servers)))
		}
		slices.Sort(addrs)
		addrs = slices.Compact(addrs)
	}
	return addrs, servers
}

// moment draws a time for an event: anywhere, or where it hurts, about a round or
// as long before one as something in the registry takes.
func (w *world) moment() time.Duration {
	first := -w.window() - w.timing.RegistryExpiry
	last := w.ends + time.Second
	at := first + time.Duration(w.Int64N(int64(last-first)))
	if w.IntN(3) > 0 {
		at = time.Duration(w.IntN(w.timing.Rounds)) * w.timing.RoundInterval
		if w.IntN(4) == 0 {
			at = w.ends
		}
		switch w.IntN(4) {
		case 0:
			at -= time.Duration(w.Int64N(int64(w.window())))
		case 1:
			at -= w.timing.RegistryExpiry - time.Duration(w.Int64N(int64(w.timing.Refresh)))
		case 2:
			at += time.Duration(w.Int64N(int64(20 * time.Millisecond)))
		case 3:
			at -= time.Duration(w.Int64N(int64(2 * time.Second)))
		}
	}
	return max(at, first) + 7 // never at the same instant as anything of the check
}

// plan draws the schedule. Each host has a history; its disturbances, together
// with those of the leader, are as many as the mode says.
func (w *world) plan() {
	switches, racks := 0, 0
	if w.IntN(2) == 0 {
		switches = w.IntN(w.mode.disturbances + 1)
	}
	for range switches {
		if w.IntN(3) == 0 {
			racks++
			continue
		}
		w.on(w.moment(), "leader switch", func() { w.cluster.SwitchLeader(w.registers) })
	}
	for host := range simHosts {
		w.planHost(host, w.mode.disturbances-switches)
	}
	if w.setup.stranger {
		w.planHost(simStranger, w.mode.disturbances-switches)
	}
	for range racks {
		host := w.IntN(simHosts)
		w.on(w.moment(), fmt.Sprintf("a rack switch takes the leader and host %d", host), func() {
			w.cluster.SwitchLeader(w.registers)
			w.cut(host, func(string, fakemds.ClientState) time.Duration { return 0 })
		})
	}
	w.planAgents()
	w.planClock()
}

// planHost draws what happens to a host. A few of them write.
func (w *world) planHost(host, disturbances int) {
	name := fmt.Sprintf("host %d", host)
	first := -w.window() - w.timing.RegistryExpiry - time.Second
	h := &w.hosts[host]
	machine := w.IntN(4) > 0
	if w.IntN(20) == 0 && host < simHosts {
		h.state, machine = Maintenance, false
	}
	w.boot(host, machine)
	cut, open := false, false
	hidden := 30
	if w.IntN(9) == 0 {
		open, hidden = true, 3
		w.on(first, name+" opens", func() { w.open(host, 0) })
	}
	if w.IntN(hidden) == 0 {
		// Long ago: nothing of it is left in the registry.
		cut = true
		w.on(first+1, name+" has been cut off", func() {
			w.cut(host, func(string, fakemds.ClientState) time.Duration { return 0 })
		})
	}
	for range disturbances {
		switch kind := w.IntN(5); {
		case kind == 0 && !cut:
			w.on(w.moment(), name+" is cut off", func() { w.cut(host, w.lasts) })
		case kind == 1 && !cut && w.mode.disturbances > 1, kind < 3 && cut:
			w.on(w.moment(), name+" reconnects", func() { w.reconnect(host) })
		case kind == 3 && !cut && !open:
			late := w.delay(w.window())
			w.on(w.moment(), name+" opens late", func() { w.open(host, late) })
			open = true
		}
	}
	w.planEnd(host, name, cut, disturbances == 0)
}

// planEnd draws how a host ends what it does, and whether it comes back.
func (w *world) planEnd(host int, name string, cut, undisturbed bool) {
	switch w.IntN(8) {
	case 0:
		w.on(w.moment(), name+" closes", func() { w.close(host) })
	case 1:
		attested := time.Duration(-1)
		if w.IntN(2) == 0 || w.setup.reboots {
			attested = time.Duration(w.Int64N(int64(30 * time.Second)))
		}
		at := w.moment()
		if w.IntN(2) == 0 {
			at = -time.Duration(w.Int64N(int64(longAgo - time.Minute)))
		}
		w.on(at, fmt.Sprintf("%s crashes, attested after %v", name, attested), func() { w.crash(host, attested) })
		if w.setup.reboots {
			back := at + max(attested, 0) + time.Duration(w.Int64N(int64(3*time.Minute)))
			opens := w.delay(w.window())
			w.on(back, fmt.Sprintf("%s comes back, or another with its address", name), func() { w.comeBack(host, opens) })
		}
	case 2:
		if !cut && undisturbed {
			w.on(w.moment(), name+" opens, too", func() { w.open(host, 0) })
		}
	case 3:
		w.on(w.moment(), name+"'s machine ends", func() { w.endMachine(host) })
	}
}

// planAgents draws what happens to the agents. Fewer than half of those in the
// list are stale.
func (w *world) planAgents() {
	stale := w.IntN(4 * simMDS)
	if w.setup.servers < simMDS {
		stale = -1
	}
	for i := range simMDS {
		w.planAgent(i, i == stale)
	}
	if w.mode.untold > 0 && w.IntN(2) == 0 {
		w.planSync()
	}
}

// planSync restarts the agents that never tell, and syncs them in the midst of a
// round.
func (w *world) planSync() {
	synced := time.Duration(w.IntN(w.timing.Rounds))*w.timing.RoundInterval + time.Duration(w.Int64N(int64(30*time.Millisecond))) + 7
	restarted := synced - w.timing.Span - time.Duration(w.Int64N(int64(5*time.Second)))
	for i := range w.mode.untold {
		node := w.cluster.Node(i)
		w.on(restarted, node.Addr()+" restarts", func() { node.Restart() })
		w.on(synced, node.Addr()+" is synced", func() { node.Sync("5.5.0") })
	}
}

func (w *world) planAgent(i int, stale bool) {
	node := w.cluster.Node(i)
	node.Inject(fakemds.Slow(time.Duration(1+w.IntN(4))*time.Millisecond + time.Duration(i)*101*time.Microsecond))
	if w.IntN(12) == 0 {
		node.Inject([]fakemds.Fault{fakemds.Hang, fakemds.AgentError("unknown"), fakemds.Slow(time.Second)}[w.IntN(3)].On("resource/usage"))
	}
	if stale {
		w.on(w.moment(), node.Addr()+" goes stale", node.FreezeClients)
		return
	}
	switch w.IntN(10) {
	case 0:
		at := w.moment()
		w.on(at, node.Addr()+" restarts", func() { node.Restart() })
		synced := at + w.timing.Span + time.Duration(w.Int64N(int64(20*time.Second)))
		w.on(synced, node.Addr()+" is synced", func() { node.Sync("5.5.0") })
	case 1:
		faults := []fakemds.Fault{fakemds.Blackhole, fakemds.Refuse, fakemds.Hang, fakemds.Reset, fakemds.Garbage,
			fakemds.HangAfter, fakemds.Truncate, fakemds.Status(500), fakemds.AgentError("no leader"), fakemds.CallbackLost,
			fakemds.Slow(time.Duration(w.Int64N(int64(4 * time.Second)))), fakemds.Slow(time.Duration(w.Int64N(int64(9 * time.Second)))).On("volume/clients")}
		fault := faults[w.IntN(len(faults))]
		at := w.moment()
		w.on(at, node.Addr()+" "+fault.String(), func() { node.Inject(fault) })
		if w.IntN(2) == 0 {
			w.on(at+time.Duration(w.Int64N(int64(20*time.Second))), node.Addr()+" is well", node.Clear)
		}
	case 2:
		if w.IntN(4) == 0 {
			w.on(w.moment(), node.Addr()+" is of another cluster", func() { node.SetCluster("another") })
		}
	}
}

// planClock draws when the time of day is set, and when the checker stands still.
// Attestations are by the time of day: while fenced hosts come back it is not set
// back by as little as makes an old attestation look like a new one.
func (w *world) planClock() {
	steps := []time.Duration{-time.Hour, time.Hour, -time.Second, time.Minute}
	if w.setup.reboots {
		steps = steps[:2]
	}
	for range w.IntN(3) {
		step := steps[w.IntN(len(steps))]
		w.on(w.moment(), fmt.Sprintf("clock step of %v", step), func() { w.skew.Add(int64(step)) })
	}
	if w.IntN(10) == 0 {
		w.pause = max(0, w.moment())
		w.resumes = w.pause + time.Duration(w.Int64N(int64(20*time.Second)))
	}
}
