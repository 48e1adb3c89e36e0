package guard

import (
	"context"
	"flag"
	"maps"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/internal/clock"
	"github.com/zbsclient/zbsclient/zbs"
)

var (
	simSchedules = flag.Int("guard.schedules", 1000, "how many schedules TestGuardSimulation runs")
	simFirst     = flag.Int("guard.first", 1, "the first of these schedules")
	simWithin    = flag.Duration("guard.within", 0, "stop after about so much real time; 0: when all have run")
	simSeed      = flag.Uint64("guard.seed", 0, "the one schedule TestGuardSimulation runs, told in full")
)

// TestGuardSimulation checks volumes in the midst of everything that makes lists
// lie, with a ground truth of which hosts write. No schedule may be answered Free
// while a host writes that opened the volume before the check began, under Quorum
// and All, as long as the premises of the package hold. A million schedules:
//
//	go test ./volume/guard -run TestGuardSimulation -guard.schedules=1000000 -guard.within 2h -timeout 3h
//
// and one of them again, told in full:
//
//	go test ./volume/guard -run TestGuardSimulation -guard.seed=4711 -v
func TestGuardSimulation(t *testing.T) {
	if testing.Short() {
		t.Skip("so many checks are too much for the race detector; -short leaves them out")
	}
	if *simSeed != 0 {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.tell = t.Logf
			simulateOne(t, w, *simSeed, modeOf(*simSeed))
		})
		return
	}
	began := time.Now()
	var sum, beyond tally
	simulate(t, *simFirst, *simSchedules, modeOf, &sum)
	took := time.Since(began)
	ran := sum.ran.Load()
	simulate(t, *simFirst, int(ran)/20, func(uint64) simMode { return simMode{beyond: true, disturbances: 4} }, &beyond)
	t.Logf("%d schedules in %v, %.0f a minute", ran, took.Round(time.Millisecond), float64(ran)/took.Minutes())
	sum.report(t, "")
	beyond.report(t, "beyond what is promised, 4 disturbances at once: ")
	for _, p := range []Policy{Quorum, All} {
		if least := ran / 20; sum.verdicts[p][Free].Load() < least || sum.verdicts[p][InUse].Load() < least {
			t.Errorf("%v: so few verdicts prove nothing", p)
		}
	}
}

// simMode is what a schedule promises.
type simMode struct {
	timing       Timing
	disturbances int  // of the registry that may meet
	untold       int  // how many agents never say that they were synced
	beyond       bool // more than the timing stands
}

// modeOf gives every sixteenth schedule the timing that stands two disturbances,
// and every eighth one, two or three agents that never say they were synced.
func modeOf(seed uint64) (m simMode) {
	if seed%16 == 3 {
		m.timing = Timing{RoundInterval: 63 * time.Second, Rounds: 3}
	}
	if seed%8 == 5 {
		m.untold = 1 + int(seed/8%simMDS)
	}
	m.disturbances = m.timing.Disturbances()
	return m
}

// policies are those that are simulated.
var policies = []Policy{Quorum, All, First}

// tally counts verdicts by policy.
type tally struct {
	ran      atomic.Int64
	falsely  [3]atomic.Int64
	verdicts [3][3]atomic.Int64

	mu     sync.Mutex // guards beyond
	beyond map[string]int
}

func (s *tally) report(t *testing.T, heading string) {
	for _, p := range policies {
		t.Logf("%s%-7v falsely free %d; free %d, in use %d, unknown %d", heading, p,
			s.falsely[p].Load(), s.verdicts[p][Free].Load(), s.verdicts[p][InUse].Load(), s.verdicts[p][Unknown].Load())
	}
	for _, why := range slices.Sorted(maps.Keys(s.beyond)) {
		t.Logf("%soutside the premises, falsely free because %s: %d", heading, why, s.beyond[why])
	}
}

// simulate runs n schedules, in as many bubbles as there are processors.
func simulate(t *testing.T, from, n int, mode func(seed uint64) simMode, sum *tally) {
	defer debug.SetGCPercent(debug.SetGCPercent(1000)) // much garbage, little memory
	var ended atomic.Bool
	if *simWithin > 0 {
		defer time.AfterFunc(*simWithin, func() { ended.Store(true) }).Stop()
	}
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for worker := range workers {
		wg.Go(func() {
			// A fresh bubble now and then: fakes keep some memory.
			for first := from + worker; first < from+n && !t.Failed() && !ended.Load(); first += workers * 500 {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					for seed := first; seed < from+n && seed < first+workers*500 && !t.Failed() && !ended.Load(); seed += workers {
						m := mode(uint64(seed))
						sum.add(t, uint64(seed), m, simulateOne(t, w, uint64(seed), m))
					}
				})
			}
		})
	}
	wg.Wait()
}

// outcome is what one check of a schedule said, and what was true.
type outcome struct {
	verdict Verdict // Unknown for a report that comes with another error
	falsely bool
	beyond  string // why falsely is outside the premises
}

func (s *tally) add(t *testing.T, seed uint64, mode simMode, outcomes map[Policy]outcome) {
	s.ran.Add(1)
	for p, o := range outcomes {
		s.verdicts[p][o.verdict].Add(1)
		switch {
		case !o.falsely:
		case o.beyond != "" && p != First:
			s.mu.Lock()
			if s.beyond == nil {
				s.beyond = make(map[string]int)
			}
			s.beyond[o.beyond]++
			s.mu.Unlock()
		default:
			s.falsely[p].Add(1)
			if p != First && !mode.beyond {
				t.Errorf("falsely free under %v: replay it with -guard.seed=%d", p, seed)
			}
		}
	}
}

// simulateOne makes the schedule of the seed happen and returns what its checks
// came to.
func simulateOne(t *testing.T, w *world, seed uint64, mode simMode) map[Policy]outcome {
	w.reset(seed, mode)
	w.drawSetup()
	w.prepare()
	w.plan()
	c := newChecker(w)
	w.tell("%+v", w.setup)
	ctx, cancel := context.WithCancel(context.Background())
	caller, err := c.caller()
	if err != nil {
		t.Fatal(err)
	}
	var suspended time.Duration
	if w.IntN(50) == 0 {
		suspended = max(0, w.moment())
	}
	var events, checks sync.WaitGroup
	events.Go(func() { w.run(ctx) })
	guard, err := c.guard(caller)
	if err != nil {
		t.Fatal(err)
	}
	if w.setup.warm {
		time.Sleep(time.Until(w.began) - time.Minute)
		guard.Check(ctx, simVolume)
	}
	time.Sleep(time.Until(w.began))
	if suspended > 0 {
		defer suspendAt(suspended)()
	}
	for _, fence := range w.attested() {
		guard.options = append(guard.options, FencedBy(fence))
	}
	outcomes := make([]outcome, len(policies))
	for _, p := range policies {
		checks.Go(func() { outcomes[p] = c.check(ctx, t, guard, p) })
	}
	checks.Wait()
	cancel()
	events.Wait()
	caller.Close()
	byPolicy := make(map[Policy]outcome)
	for _, p := range policies {
		byPolicy[p] = outcomes[p]
	}
	return byPolicy
}

// check makes one check and compares it with the truth.
func (c *checker) check(ctx context.Context, t *testing.T, guard *Guard, p Policy) (o outcome) {
	began := time.Now()
	judge := func(report Report, err error) {
		if o.verdict = report.Verdict; o.verdict == Free && err != nil {
			o.verdict = Unknown // expired before it could be told
		}
		if o.verdict == Free {
			o.falsely, o.beyond = c.writes(began)
			if age := time.Since(began) - report.ObservedAt.Sub(report.BeganAt); age >= report.ValidFor && !c.setup.bulk {
				t.Errorf("free, and %v old when it came", age)
			}
		}
		c.tell("%12v %v: %v, falsely: %t %s: %v", c.now(), p, report.Verdict, o.falsely, o.beyond, err)
	}
	if !c.setup.bulk {
		report, err := guard.Check(ctx, simVolume, WithPolicy(p))
		judge(report, err)
		if took, most := time.Since(began), report.Longest()+c.setup.slowSource; took > most {
			t.Errorf("a check took %v, want at most %v", took, most)
		}
		return o
	}
	paths := []zbs.Path{simDisk(0), simVolume}
	for report, err := range guard.CheckAll(ctx, slices.Values(paths), WithPolicy(p)) {
		if report.Volume == simVolume {
			judge(report, err)
		}
		time.Sleep(c.setup.body)
	}
	return o
}

// suspendAt lets the machine be suspended for a moment after d. Checks that run
// at the same time in other bubbles see it, too: their reports may expire.
func suspendAt(d time.Duration) (end func()) {
	undo := func() {}
	timer := time.AfterFunc(d, func() { undo = clock.Suspend(10 * time.Second) })
	return func() {
		timer.Stop()
		synctest.Wait()
		undo()
	}
}
