package guard

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/hashring"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

var (
	simSchedules = flag.Int("guard.schedules", 2500, "how many schedules TestGuardSimulation runs")
	simSeed      = flag.Uint64("guard.seed", 0, "the one schedule TestGuardSimulation runs, told in full")
)

// TestGuardSimulation checks volumes in the midst of everything that makes lists
// lie, with a ground truth of who writes. No schedule may be answered Free while
// a host writes that opened the volume before the check began, under Quorum and
// All, as long as no more than Timing.Disturbances meet. A million schedules:
//
//	go test ./volume/guard -run TestGuardSimulation -guard.schedules=1000000 -timeout 30m
//
// and one of them again, told in full:
//
//	go test ./volume/guard -run TestGuardSimulation -guard.seed=4711 -v
func TestGuardSimulation(t *testing.T) {
	if *simSeed != 0 {
		synctest.Test(t, func(t *testing.T) {
			s := newSim(t)
			s.tell = t.Logf
			s.run(*simSeed, modeOf(*simSeed))
		})
		return
	}
	began := time.Now()
	var sum, beyond tally
	simulate(t, *simSchedules, modeOf, &sum)
	took := time.Since(began)
	simulate(t, *simSchedules/20, func(uint64) simMode { return simMode{name: "beyond", disturbances: 4} }, &beyond)
	t.Logf("%d schedules in %v, %.0f a minute", *simSchedules, took.Round(time.Millisecond), float64(*simSchedules)/took.Minutes())
	for p := range policyNames {
		t.Logf("%-7v falsely free %d; free %d, in use %d, unknown %d", Policy(p),
			sum.falsely[p].Load(), sum.verdicts[p][Free].Load(), sum.verdicts[p][InUse].Load(), sum.verdicts[p][Unknown].Load())
		t.Logf("%-7v beyond what is promised, 4 disturbances at once: falsely free %d of %d", Policy(p),
			beyond.falsely[p].Load(), *simSchedules/20)
	}
	for _, p := range []Policy{Quorum, All} {
		if least := int64(*simSchedules) / 20; sum.verdicts[p][Free].Load() < least || sum.verdicts[p][InUse].Load() < least {
			t.Errorf("%v: so few verdicts prove nothing", p)
		}
	}
}

// simMode is what a schedule promises.
type simMode struct {
	name         string
	timing       Timing
	disturbances int // of the registry that may meet; 0: as many as the timing stands
}

// modeOf gives every fourth schedule the timing that stands two disturbances.
func modeOf(seed uint64) simMode {
	m := simMode{name: "default"}
	if seed%4 == 3 {
		m = simMode{name: "thorough", timing: Timing{RoundInterval: 63 * time.Second, Rounds: 3}}
	}
	m.disturbances = m.timing.Disturbances()
	return m
}

type tally struct {
	falsely  [3]atomic.Int64
	verdicts [3][3]atomic.Int64
}

// simulate runs n schedules, in as many bubbles as there are processors.
func simulate(t *testing.T, n int, mode func(seed uint64) simMode, sum *tally) {
	defer debug.SetGCPercent(debug.SetGCPercent(3000)) // much garbage, little memory
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wg.Go(func() {
			// A fresh bubble now and then: fakes keep some memory.
			for first := w + 1; first <= n && !t.Failed(); first += workers * 500 {
				synctest.Test(t, func(t *testing.T) {
					s := newSim(t)
					for seed := first; seed <= n && seed < first+workers*500 && !t.Failed(); seed += workers {
						s.count(uint64(seed), mode(uint64(seed)), sum)
					}
				})
			}
		})
	}
	wg.Wait()
}

const (
	simHosts = 4
	simMDS   = 3
)

var (
	simVolume = zbs.Path{Pool: "lp", Volume: "vol"}
	simRing   = sync.OnceValue(func() *hashring.Ring {
		return hashring.New(hashring.Default, "mds-0.fake:7763", "mds-1.fake:7763", "mds-2.fake:7763")
	})
)

func simHost(i int) string { return fmt.Sprintf("10.0.1.%d", i+1) }

// sim is a cluster that schedules run on, one after the other.
type sim struct {
	t       *testing.T
	cluster *fakemds.Cluster
	tell    func(format string, args ...any)
	*rand.Rand

	mode   simMode
	timing Timing
	began  time.Time // when the check will begin
	rounds []time.Duration
	skew   atomic.Int64 // of the wall clock
	events []event

	mu     sync.Mutex
	hosts  [simHosts]truth // guarded by mu
	fences []Attestation   // what is known at the check's begin; guarded by mu
}

// truth is what one host really does.
type truth struct {
	writing bool
	since   time.Time
	dead    bool // for good: an attestation says that the host has not come back
}

type event struct {
	at   time.Duration // since the check's begin
	name string
	do   func()
}

func newSim(t *testing.T) *sim {
	cluster := fakemds.NewCluster(t, simMDS, fakemds.KeepHeartbeatOpen())
	cluster.AddPool("lp", "pp")
	cluster.AddVolume("zbs://lp/" + HeartbeatVolume)
	cluster.AddVolume(simVolume.String())
	return &sim{t: t, cluster: cluster, tell: func(string, ...any) {}}
}

func (s *sim) canary() string { return "zbs://lp/" + HeartbeatVolume }

// reset brings the cluster into the state in which every schedule begins.
func (s *sim) reset(seed uint64, mode simMode) {
	s.Rand = rand.New(rand.NewPCG(seed, 1))
	s.mode, s.timing = mode, mode.timing.withDefaults()
	s.events, s.fences = nil, nil
	s.hosts = [simHosts]truth{}
	s.skew.Store(0)
	for i := range simHosts {
		s.cluster.CloseClient(simVolume.String(), simHost(i))
		s.cluster.CloseClient(s.canary(), simHost(i))
		s.cluster.Open(s.canary(), simHost(i)+":9000")
	}
	for i := range simMDS {
		n := s.cluster.Node(i)
		n.Clear()
		n.ResetLedger()
		n.Sync("5.5.0")
	}
	s.began = time.Now().Add(s.timing.Refresh + s.timing.LeaderRetry + s.timing.RegistryExpiry + 10*time.Second)
	s.rounds = nil
	for r := range s.timing.Rounds {
		s.rounds = append(s.rounds, time.Duration(r)*s.timing.RoundInterval)
	}
}

// window is how long a client may take to register.
func (s *sim) window() time.Duration { return s.timing.Refresh + s.timing.LeaderRetry }

// moment draws a time for an event: anywhere, or where it hurts, about a round or
// as long before one as something in the registry takes.
func (s *sim) moment() time.Duration {
	first := -s.window() - s.timing.RegistryExpiry
	last := s.rounds[len(s.rounds)-1] + time.Second
	at := first + time.Duration(s.Int64N(int64(last-first)))
	if s.IntN(3) > 0 {
		at = s.rounds[s.IntN(len(s.rounds))]
		switch s.IntN(4) {
		case 0:
			at -= time.Duration(s.Int64N(int64(s.window())))
		case 1:
			at -= s.timing.RegistryExpiry - time.Duration(s.Int64N(int64(s.timing.Refresh)))
		case 2:
			at += time.Duration(s.Int64N(int64(20 * time.Millisecond)))
		case 3:
			at -= time.Duration(s.Int64N(int64(2 * time.Second)))
		}
	}
	return max(at, first) + 7 // never at the same instant as anything of the check
}

// delay draws how long a client takes to register: often all or nothing.
func (s *sim) delay(most time.Duration) time.Duration {
	switch s.IntN(3) {
	case 0:
		return time.Duration(s.Int64N(int64(time.Second)))
	case 1:
		return most - time.Duration(s.Int64N(int64(time.Second)))
	}
	return time.Duration(s.Int64N(int64(most)))
}

func (s *sim) registers(string, fakemds.ClientState) time.Duration { return s.delay(s.window()) }

// lasts is what is left of an entry: it was renewed at most a refresh ago.
func (s *sim) lasts(string, fakemds.ClientState) time.Duration {
	return s.timing.RegistryExpiry - time.Duration(s.Int64N(int64(s.timing.Refresh)))
}

func (s *sim) on(at time.Duration, name string, do func()) {
	s.events = append(s.events, event{at, name, do})
}

func (s *sim) open(host int, late time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hosts[host].writing || s.hosts[host].dead {
		return
	}
	s.hosts[host] = truth{writing: true, since: time.Now()}
	s.cluster.OpenLate(simVolume.String(), simHost(host)+":9001", late)
}

func (s *sim) close(host int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hosts[host].writing = false
	s.cluster.CloseClient(simVolume.String(), simHost(host))
}

// crash ends a host without a word; somebody who fences it may say so.
func (s *sim) crash(host int, attested bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hosts[host] = truth{dead: true}
	s.cluster.CutOff(simHost(host), s.lasts)
	if attested {
		s.fences = append(s.fences, Attestation{Host: netip.MustParseAddr(simHost(host)), At: s.wall(), By: "simulation"})
	}
}

// wall is the time of day, on a clock that is set now and then.
func (s *sim) wall() time.Time { return time.Now().Add(time.Duration(s.skew.Load())) }

// plan draws the schedule. Every host has a history; its disturbances, together
// with those of the leader, are as many as the mode says.
func (s *sim) plan() {
	switches := 0
	if s.IntN(2) == 0 {
		switches = s.IntN(s.mode.disturbances + 1)
	}
	for range switches {
		s.on(s.moment(), "leader switch", func() { s.cluster.SwitchLeader(s.registers) })
	}
	for host := range simHosts {
		s.planHost(host, s.mode.disturbances-switches)
	}
	stale := s.IntN(4 * simMDS)
	for i := range simMDS {
		s.planMDS(i, i == stale)
	}
	for range s.IntN(3) {
		step := []time.Duration{-time.Hour, time.Hour}[s.IntN(2)]
		s.on(s.moment(), fmt.Sprintf("clock step of %v", step), func() { s.skew.Add(int64(step)) })
	}
	slices.SortStableFunc(s.events, func(a, b event) int { return int(a.at - b.at) })
}

// planHost draws what happens to a host. A few of them write.
func (s *sim) planHost(host, disturbances int) {
	name := simHost(host)
	first := -s.window() - s.timing.RegistryExpiry - time.Second
	cut, open := false, false
	if s.IntN(4) == 0 {
		open = true
		s.on(first, name+" opens", func() { s.open(host, 0) })
	}
	if s.IntN(30) == 0 {
		// Long ago: nothing of it is left in the registry.
		cut = true
		s.on(first+1, name+" has been cut off", func() {
			s.cluster.CutOff(name, func(string, fakemds.ClientState) time.Duration { return 0 })
		})
	}
	for range disturbances {
		switch kind := s.IntN(5); {
		case kind == 0 && !cut:
			s.on(s.moment(), name+" is cut off", func() { s.cluster.CutOff(name, s.lasts) })
		case kind == 1 && !cut && s.mode.disturbances > 1, kind < 3 && cut:
			s.on(s.moment(), name+" reconnects", func() { s.cluster.Reconnect(name, s.registers) })
		case kind == 3 && !cut && !open:
			s.on(s.moment(), name+" opens late", func() { s.open(host, s.delay(s.window())) })
			open = true
		}
	}
	switch s.IntN(8) {
	case 0:
		s.on(s.moment(), name+" closes", func() { s.close(host) })
	case 1:
		attested := s.IntN(2) == 0
		s.on(s.moment(), fmt.Sprintf("%s crashes, attested: %t", name, attested), func() { s.crash(host, attested) })
	case 2:
		if !cut && disturbances == 0 {
			s.on(s.moment(), name+" opens, too", func() { s.open(host, 0) })
		}
	}
}

// planMDS draws what happens to an agent. Fewer than half of them are stale.
func (s *sim) planMDS(i int, stale bool) {
	node := s.cluster.Node(i)
	node.Inject(fakemds.Slow(time.Duration(1+s.IntN(4))*time.Millisecond + time.Duration(i)*101*time.Microsecond))
	if stale {
		s.on(s.moment(), node.Addr()+" goes stale", node.FreezeClients)
		return
	}
	switch s.IntN(9) {
	case 0:
		at := s.moment()
		s.on(at, node.Addr()+" restarts", func() { node.Restart() })
		synced := at + s.timing.Span + time.Duration(s.Int64N(int64(20*time.Second)))
		s.on(synced, node.Addr()+" is synced", func() { node.Sync("5.5.0") })
	case 1:
		faults := []fakemds.Fault{fakemds.Blackhole, fakemds.Refuse, fakemds.Hang, fakemds.Reset, fakemds.Garbage,
			fakemds.HangAfter, fakemds.Truncate, fakemds.Status(500), fakemds.AgentError("no leader"), fakemds.CallbackLost,
			fakemds.Slow(time.Duration(s.Int64N(int64(4 * time.Second))))}
		fault := faults[s.IntN(len(faults))]
		at := s.moment()
		s.on(at, node.Addr()+" "+fault.String(), func() { node.Inject(fault) })
		if s.IntN(2) == 0 {
			s.on(at+time.Duration(s.Int64N(int64(20*time.Second))), node.Addr()+" is well", node.Clear)
		}
	}
}

// run makes the schedule of the seed happen and returns the reports by policy,
// and which of them are false.
func (s *sim) run(seed uint64, mode simMode) (reports [3]Report, falsely [3]bool) {
	s.reset(seed, mode)
	s.plan()
	ctx, cancel := context.WithCancel(context.Background())
	caller, err := mds.New(s.cluster.Addrs(), mds.WithTransport(s.cluster.Transport()),
		mds.WithMountedCallbacks("http://callback.fake/cb"), mds.WithRouter(simRing()))
	if err != nil {
		s.t.Fatal(err)
	}
	s.cluster.HandleCallbacks("callback.fake", caller.CallbackHandler())
	var world, checks sync.WaitGroup
	world.Go(func() {
		for _, e := range s.events {
			if sleep(ctx, time.Until(s.began.Add(e.at))) != nil {
				return
			}
			s.tell("%12v %s", e.at, e.name)
			e.do()
		}
	})
	time.Sleep(time.Until(s.began))
	guard := New(caller, AllowHost(simHost(0)), WithTiming(s.timing), MinCanaryHosts(simHosts))
	guard.now = s.wall
	for _, fence := range s.attested() {
		guard.options = append(guard.options, FencedBy(fence))
	}
	for p := range reports {
		checks.Go(func() {
			var err error
			if seed%9 == 0 {
				reports[p], err = s.inBulk(ctx, guard, Policy(p))
			} else {
				reports[p], err = guard.Check(ctx, simVolume, WithPolicy(Policy(p)))
			}
			falsely[p] = reports[p].Verdict == Free && s.writes()
			s.tell("%12v %v: %v, falsely: %t: %v", time.Since(s.began), Policy(p), reports[p].Verdict, falsely[p], err)
		})
	}
	checks.Wait()
	cancel()
	world.Wait()
	caller.Close()
	return reports, falsely
}

// inBulk checks the volume together with the canary, which is in use.
func (s *sim) inBulk(ctx context.Context, guard *Guard, p Policy) (report Report, err error) {
	paths := []zbs.Path{{Pool: "lp", Volume: HeartbeatVolume}, simVolume}
	for r, e := range guard.CheckAll(ctx, slices.Values(paths), WithPolicy(p)) {
		if r.Volume == simVolume {
			report, err = r, e
		}
	}
	return report, err
}

func (s *sim) attested() []Attestation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.fences)
}

// writes reports whether a foreign host writes now that did so already when the
// check began.
func (s *sim) writes() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.hosts[1:], func(h truth) bool { return h.writing && !h.since.After(s.began) })
}

func (s *sim) count(seed uint64, mode simMode, sum *tally) {
	reports, falsely := s.run(seed, mode)
	for p, r := range reports {
		sum.verdicts[p][r.Verdict].Add(1)
		if !falsely[p] {
			continue
		}
		sum.falsely[p].Add(1)
		if Policy(p) != First && mode.name != "beyond" {
			s.t.Errorf("falsely free under %v: replay it with -guard.seed=%d", Policy(p), seed)
		}
	}
}
