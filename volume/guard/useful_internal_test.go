package guard

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
)

// usefulWithin is the time by which a check should have ended Free.
const usefulWithin = 30 * time.Second

// disturbance is one thing that happens about the time of a check, while no other
// host has the volume open.
type disturbance struct {
	name  string
	do    func(w *world, host int)
	after func(w *world, host int) // a while later; nil: nothing
}

// disturbances are those after which something still shows every host. A host
// that lost the MDS for good shows nothing: a Witness or an attestation must.
var disturbances = []disturbance{
	{"leader switch", func(w *world, _ int) { w.cluster.SwitchLeader(w.registers) }, nil},
	{"host loses the MDS and returns",
		func(w *world, host int) { w.cut(host, w.lasts) }, func(w *world, host int) { w.reconnect(host) }},
	{"rack switch fails and recovers", func(w *world, host int) {
		w.cluster.SwitchLeader(w.registers)
		w.cut(host, func(string, fakemds.ClientState) time.Duration { return 0 })
	}, func(w *world, host int) { w.reconnect(host) }},
	{"host crashes, and is attested", func(w *world, host int) { w.crash(host, 0) }, nil},
	{"host lets go of the volume", func(w *world, host int) { w.open(host, 0); w.close(host) }, nil},
	{"agent restarts and is synced", func(w *world, host int) { w.cluster.Node(0).Restart() }, func(w *world, host int) { w.cluster.Node(0).Sync("5.5.0") }},
	{"host lost for good, with a witness", func(w *world, host int) { w.cut(host, w.lasts) }, nil},
}

// TestGuardIsUseful counts how many checks end Free within 30 s when no other host
// has the volume open, with one disturbance before or during the check and one MDS
// that is silent all the time. Safe must not mean useless.
//
//	go test ./volume/guard -run TestGuardIsUseful -v
func TestGuardIsUseful(t *testing.T) {
	if testing.Short() {
		t.Skip("so many checks are too much for the race detector; -short leaves them out")
	}
	const each = 300
	all, free := 0, 0
	for _, d := range disturbances {
		ended := 0
		var slowest time.Duration
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			for seed := range uint64(each) {
				took, err := usefulOne(t, w, d, seed+1)
				slowest = max(slowest, took)
				if err == nil && took <= usefulWithin {
					ended++
				} else if testing.Verbose() && seed < 10 {
					t.Logf("seed %d: %v: %v", seed+1, took, err)
				}
			}
		})
		t.Logf("%-36s %3d of %d, at most %v", d.name, ended, each, slowest)
		all, free = all+each, free+ended
	}
	share := 100 * float64(free) / float64(all)
	t.Logf("%.1f %% ended free within %v", share, usefulWithin)
	if share < 95 {
		t.Errorf("%.1f %% ended free within %v, want 95 %%", share, usefulWithin)
	}
}

// usefulOne waits until the volume is free, in a world with one disturbance.
func usefulOne(t *testing.T, w *world, d disturbance, seed uint64) (took time.Duration, err error) {
	w.reset(seed, simMode{disturbances: 1})
	w.setup = simSetup{heartbeat: seed%2 == 0, witness: d.name == "host lost for good, with a witness"}
	w.prepare()
	for i := range simMDS {
		w.setup.addrs = append(w.setup.addrs, fmt.Sprintf("mds-%d.fake:7763", i))
		w.cluster.Node(i).Inject(fakemds.Slow(time.Duration(1+i) * time.Millisecond))
	}
	for host := range simHosts {
		w.boot(host, true)
	}
	// MDS 0 is the one that restarts, if one does.
	silent := w.cluster.Node(1 + w.IntN(simMDS-1))
	fault := []fakemds.Fault{fakemds.Hang, fakemds.Blackhole, fakemds.CallbackLost, fakemds.Refuse}[w.IntN(4)]
	if d.name == "agent restarts and is synced" {
		silent = w.cluster.Node(0) // two MDS of three that are out leave no quorum
	}
	silent.Inject(fault)
	host := 1 + w.IntN(simHosts-1)
	first := -w.window() - w.timing.RegistryExpiry
	at := first + time.Duration(w.Int64N(int64(w.ends-first)))
	w.on(at, d.name, func() { d.do(w, host) })
	if d.after != nil {
		w.on(at+time.Duration(w.Int64N(int64(10*time.Second))), "and is over", func() { d.after(w, host) })
	}
	c := newChecker(w)
	c.manners = [simHosts]manners{}
	return useful(t, c)
}

func useful(t *testing.T, c *checker) (took time.Duration, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	caller, err := c.caller()
	if err != nil {
		t.Fatal(err)
	}
	defer caller.Close()
	guard, err := c.guard(caller)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.run(ctx)
	}()
	time.Sleep(time.Until(c.began))
	for _, fence := range c.attested() {
		guard.options = append(guard.options, FencedBy(fence))
	}
	began := time.Now()
	bounded, stop := context.WithTimeout(ctx, 3*time.Minute)
	defer stop()
	_, err = guard.Wait(bounded, simVolume)
	took = time.Since(began)
	cancel()
	<-ended
	return took, err
}
