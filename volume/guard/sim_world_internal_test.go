package guard

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/zbs"
)

const (
	simHosts    = 4        // in the inventory; the first is the allowed one
	simStranger = simHosts // a host that the inventory lacks
	simMDS      = 3
)

var (
	simVolume    = zbs.Path{Pool: "lp", Volume: "vol"}
	simHeartbeat = zbs.Path{Pool: "lp", Volume: HeartbeatVolume}
)

func simDisk(i int) zbs.Path { return zbs.Path{Pool: "lp", Volume: fmt.Sprintf("disk-%d", i)} }

// simAddr is one of the two addresses of a host.
func simAddr(host, which int) string {
	return fmt.Sprintf([]string{"10.0.1.%d", "192.168.7.%d"}[which], host+1)
}

// world is a cluster with its hosts, and the truth about them. One schedule after
// the other happens to it.
type world struct {
	*rand.Rand
	clusters map[bool]*fakemds.Cluster // by whether hosts keep the heartbeat volume open
	cluster  *fakemds.Cluster
	tell     func(format string, args ...any)

	mode    simMode
	timing  Timing
	setup   simSetup
	began   time.Time     // when the checks begin
	ends    time.Duration // about when the last round begins, since then
	skew    atomic.Int64  // of the time of day
	events  []event       // to come, in order
	pause   time.Duration // when the checker stands still, since began; 0: never
	resumes time.Duration

	mu     sync.Mutex // guards what follows
	hosts  [simHosts + 1]truth
	fences []Attestation
}

// simSetup is what a schedule's deployment is like.
type simSetup struct {
	heartbeat   bool          // hosts keep the heartbeat volume open, and no Open entries are known
	witness     bool          // a Witness answers for hosts
	stranger    bool          // a host runs that the inventory lacks
	selfFencing time.Duration // hosts keep it; 0: they do not, and nobody says so
	reboots     bool          // fenced hosts come back
	addrs       []string      // the list of MDS
	servers     int           // how many of them are in the list
	bulk        bool          // by CheckAll
	body        time.Duration // of its loop
	warm        bool          // the Guard has made a check before
	slowSource  time.Duration // what reading the inventory takes
}

// link is whether a host runs and reaches the MDS.
type link uint8

const (
	linkUp link = iota
	linkCut
	linkDead
)

// truth is what one host really does.
type truth struct {
	link    link
	life    int // how often it was booted, cut off and connected
	port    int
	writing bool
	since   time.Time
	ended   time.Time // when it last wrote or was dead, for its witness
	fenced  time.Time // when it was attested to be off
	disk    bool      // a machine runs there
	state   HostState
	beyond  string // why its writing unseen is outside of what is taken for granted
}

type event struct {
	at   time.Duration // since the checks begin
	name string
	do   func()
}

func newWorld(t *testing.T) *world {
	w := &world{tell: func(string, ...any) {}, clusters: make(map[bool]*fakemds.Cluster)}
	for _, keep := range []bool{false, true} {
		var opts []fakemds.Option
		if keep {
			opts = append(opts, fakemds.KeepHeartbeatOpen())
		}
		cluster := fakemds.NewCluster(t, simMDS, opts...)
		cluster.AddPool("lp", "pp")
		cluster.AddVolume(simHeartbeat.String())
		cluster.AddVolume(simVolume.String())
		for i := range simHosts + 1 {
			cluster.AddVolume(simDisk(i).String())
		}
		w.clusters[keep] = cluster
	}
	return w
}

// longAgo is how long before the checks the schedule begins: longer than an
// attestation counts.
const longAgo = 13 * time.Minute

// reset brings the world, but for the cluster, into the state in which every
// schedule begins.
func (w *world) reset(seed uint64, mode simMode) {
	w.Rand = rand.New(rand.NewPCG(seed, 1))
	w.mode, w.timing = mode, mode.timing.WithDefaults()
	w.events, w.fences = nil, nil
	w.hosts = [simHosts + 1]truth{}
	w.pause, w.resumes = 0, 0
	w.skew.Store(0)
	w.began = time.Now().Add(longAgo)
	w.ends = time.Duration(w.timing.Rounds-1) * w.timing.RoundInterval
}

// prepare makes the cluster of the setup well, and closes whatever is open.
func (w *world) prepare() {
	w.cluster = w.clusters[w.setup.heartbeat]
	for i := range simMDS {
		n := w.cluster.Node(i)
		n.Clear()
		n.ResetLedger()
		n.SetCluster("")
		n.SetGeneration(fakemds.G9)
		if i < w.mode.untold {
			n.SetGeneration(fakemds.G7e)
		}
		n.Sync("5.5.0")
	}
	for host := range w.hosts {
		for which := range 2 {
			for _, path := range []zbs.Path{simVolume, simHeartbeat, simDisk(host)} {
				w.cluster.CloseClient(path.String(), simAddr(host, which))
			}
		}
	}
}

// window is how long a client may take to register.
func (w *world) window() time.Duration { return w.timing.Refresh + w.timing.LeaderRetry }

// on plans an event. Events of one time happen in the order they were planned.
func (w *world) on(at time.Duration, name string, do func()) {
	i := slices.IndexFunc(w.events, func(e event) bool { return e.at > at })
	if i < 0 {
		i = len(w.events)
	}
	w.events = slices.Insert(w.events, i, event{at, name, do})
}

// run makes the planned events happen, until ctx ends.
func (w *world) run(ctx context.Context) {
	for len(w.events) > 0 {
		e := w.events[0]
		w.events = w.events[1:]
		if sleep(ctx, time.Until(w.began.Add(e.at))) != nil {
			return
		}
		w.tell("%12v %s", e.at, e.name)
		w.mu.Lock()
		e.do()
		w.mu.Unlock()
	}
}

// now is since the checks began.
func (w *world) now() time.Duration { return time.Since(w.began) }

// wall is the time of day, on a clock that is set now and then.
func (w *world) wall() time.Time { return time.Now().Add(time.Duration(w.skew.Load())) }

// delay draws how long a client takes to register: often all or nothing.
func (w *world) delay(most time.Duration) time.Duration {
	switch w.IntN(3) {
	case 0:
		return time.Duration(w.Int64N(int64(time.Second)))
	case 1:
		return most - time.Duration(w.Int64N(int64(time.Second)))
	}
	return time.Duration(w.Int64N(int64(most)))
}

func (w *world) registers(string, fakemds.ClientState) time.Duration { return w.delay(w.window()) }

// lasts is what is left of an entry: it was renewed at most a refresh ago.
func (w *world) lasts(string, fakemds.ClientState) time.Duration {
	return w.timing.RegistryExpiry - time.Duration(w.Int64N(int64(w.timing.Refresh)))
}

// client is how a host is listed: by either address.
func (w *world) client(host int) string {
	return fmt.Sprintf("%s:%d", simAddr(host, w.IntN(2)), 9000+w.hosts[host].port)
}

// boot starts a host, with a machine or without.
func (w *world) boot(host int, machine bool) {
	h := &w.hosts[host]
	h.link, h.disk = linkUp, machine
	h.life++
	h.port += 10
	w.cluster.Open(simHeartbeat.String(), w.client(host))
	if machine {
		w.cluster.Open(simDisk(host).String(), w.client(host))
	}
}

// open opens the volume on a host, and lists it later.
func (w *world) open(host int, late time.Duration) {
	h := &w.hosts[host]
	if h.writing || h.link != linkUp || h.state == Maintenance {
		return
	}
	h.writing, h.since = true, time.Now()
	h.port++
	w.cluster.OpenLate(simVolume.String(), w.client(host), late)
}

func (w *world) close(host int) {
	h := &w.hosts[host]
	if h.writing {
		h.writing, h.ended = false, time.Now()
	}
	for which := range 2 {
		w.cluster.CloseClient(simVolume.String(), simAddr(host, which))
	}
}

// endMachine ends the machine of a host, which the inventory does not know.
func (w *world) endMachine(host int) {
	w.hosts[host].disk = false
	for which := range 2 {
		w.cluster.CloseClient(simDisk(host).String(), simAddr(host, which))
	}
}

// cut parts the host from the MDS. In a world of hosts that fence themselves it
// stops writing within the bound, unless it is connected again before.
func (w *world) cut(host int, lasts fakemds.RegistryDelay) {
	h := &w.hosts[host]
	if h.link != linkUp {
		return
	}
	h.link = linkCut
	h.life++
	if !h.fenced.IsZero() {
		h.beyond = "a fenced host came back and lost the MDS"
	}
	if host == simStranger {
		h.beyond = "a host that the inventory lacks lost the MDS"
	}
	for which := range 2 {
		w.cluster.CutOff(simAddr(host, which), lasts)
	}
	if bound := w.setup.selfFencing; bound > 0 {
		life := h.life
		w.on(w.now()+w.within(bound), fmt.Sprintf("host %d fences itself", host), func() {
			if h.life == life && h.link == linkCut {
				w.close(host)
				w.endMachine(host)
			}
		})
	}
}

// within draws a time up to the bound, often nearly all of it.
func (w *world) within(bound time.Duration) time.Duration {
	if w.IntN(2) == 0 {
		return bound - time.Millisecond
	}
	return time.Duration(w.Int64N(int64(bound)))
}

func (w *world) reconnect(host int) {
	h := &w.hosts[host]
	if h.link != linkCut {
		return
	}
	h.link = linkUp
	h.life++
	for which := range 2 {
		w.cluster.Reconnect(simAddr(host, which), w.registers)
	}
}

// crash ends a host without a word. An attestation says so, later by the delay;
// negative: none does.
func (w *world) crash(host int, attested time.Duration) {
	h := &w.hosts[host]
	if h.link == linkDead {
		return
	}
	h.link, h.writing, h.disk, h.ended = linkDead, false, false, time.Now()
	h.life++
	for which := range 2 {
		w.cluster.CutOff(simAddr(host, which), w.lasts)
	}
	if attested < 0 || host == simStranger {
		return
	}
	life := h.life
	w.on(w.now()+attested, fmt.Sprintf("host %d is attested to be off", host), func() {
		if h.life == life {
			h.fenced = time.Now()
			w.fences = append(w.fences, Attestation{Host: simName(host), At: w.wall(), By: "simulation"})
		}
	})
}

// comeBack boots a host that crashed, or a new one that was given its address,
// which opens the volume after a while.
func (w *world) comeBack(host int, opens time.Duration) {
	h := &w.hosts[host]
	if h.link != linkDead {
		return
	}
	least := w.timing.RegistryExpiry + w.timing.Refresh
	if !h.fenced.IsZero() && time.Since(h.fenced) < least {
		h.beyond = "a fenced host came back before its entries had expired"
	}
	w.boot(host, w.IntN(2) == 0)
	life := h.life
	w.on(w.now()+opens, fmt.Sprintf("host %d, back, opens", host), func() {
		if h.life == life {
			w.open(host, 0)
		}
	})
}

func (w *world) attested() []Attestation {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.fences)
}

// writes returns which host that is not allowed writes now and did so when the
// check began, and whether that is outside of what is taken for granted.
func (w *world) writes(began time.Time) (writes bool, beyond string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, h := range w.hosts[1:] {
		if !h.writing || h.since.After(began) {
			continue
		}
		if h.beyond == "" {
			return true, ""
		}
		writes, beyond = true, h.beyond
	}
	return writes, beyond
}

func simName(host int) string { return fmt.Sprintf("kvm-%d", host) }

// inventory is what is known of the hosts, which may be out of date by the time
// of the check.
func (w *world) inventory() Hosts {
	var hosts Hosts
	for i := range simHosts {
		h := Host{Name: simName(i), State: w.hosts[i].state}
		for which := range 2 {
			h.Addrs = append(h.Addrs, netip.MustParseAddr(simAddr(i, which)))
		}
		if w.hosts[i].disk && !w.setup.heartbeat {
			h.Open = append(h.Open, simDisk(i))
		}
		hosts = append(hosts, h)
	}
	return hosts
}
