package mds_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
)

// A total outage adds at most a tenth to the requests, and its errors name all
// MDS, what they did and who was not asked.
func TestTotalOutage(t *testing.T) {
	for name, fault := range map[string]fakemds.Fault{
		"503":          fakemds.Status(503),
		"reset":        fakemds.Reset,
		"hung":         fakemds.Hang,
		"truncated":    fakemds.Truncate,
		"no leader":    fakemds.AgentError("no leader"),
		"garbage":      fakemds.Garbage,
		"slow to fail": fakemds.StatusAfter(500),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { checkOutage(t, fault, name == "no leader") })
		})
	}
}

func checkOutage(t *testing.T, fault fakemds.Fault, refusal bool) {
	const callers, calls = 8, 100
	cluster, c := start(t, 3, mds.WithAttemptTimeout(200*time.Millisecond))
	for i := range 3 {
		cluster.Node(i).Inject(fault)
	}
	var notAsked atomic.Int64
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for range calls {
				_, _, err := read(t, c)
				if !errors.Is(err, mds.ErrAllFailed) {
					t.Errorf("error %v does not match ErrAllFailed", err)
				}
				for _, addr := range c.Addrs() {
					if !strings.Contains(err.Error(), addr.String()) {
						t.Errorf("error does not name %s: %v", addr, err)
					}
				}
				if errors.Is(err, mds.ErrRetryBudget) {
					notAsked.Add(1)
				}
			}
		})
	}
	wg.Wait()
	n := len(cluster.Requests())
	if refusal { // an agent that says no is well: whether another says otherwise is worth asking
		t.Logf("%.3f requests for a call", float64(n)/(callers*calls))
		return
	}
	if most := callers * calls * 11 / 10; n > most {
		t.Errorf("%d requests for %d calls, want at most %d", n, callers*calls, most)
	}
	if notAsked.Load() == 0 {
		t.Error("no error says that the budget is spent")
	}
}

// With the budget spent, an MDS that is back answers as soon as its turn comes.
func TestOutageEndsWithTheFirstMDSThatIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3)
		for i := range 3 {
			cluster.Node(i).Inject(fakemds.Status(503))
		}
		for range 100 {
			read(t, c)
		}
		cluster.Node(2).Clear()
		failed := 0
		for ; failed < 10; failed++ {
			if _, _, err := read(t, c); err == nil {
				break
			}
		}
		if failed > 2 {
			t.Errorf("%d calls failed with an MDS back", failed)
		}
		for i := range 10 {
			if _, _, err := read(t, c); err != nil {
				t.Errorf("call %d after a success: %v", i, err)
			}
		}
	})
}

// What is not sent is not extra: dead MDS are passed over without the budget.
func TestRefusedConnectsAreFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 5, mds.WithRetryBudget(0, 0))
		for i := range 4 {
			cluster.Node(i).Inject(fakemds.Refuse)
		}
		for i := range 20 {
			if _, _, err := read(t, c); err != nil {
				t.Fatalf("call %d: %v", i, err)
			}
		}
	})
}

// Without a budget an MDS that has not failed is asked all the same.
func TestSpentBudgetKeepsHealthyMDS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3, mds.WithRetryBudget(0, 0))
		cluster.Node(0).Inject(fakemds.Hang)
		cluster.Node(1).Inject(fakemds.Status(503))
		took, _, err := read(t, c)
		if err != nil {
			t.Fatal(err)
		}
		if took != 16*firstStagger+firstStagger {
			t.Errorf("took %v, want a stagger and then sixteen for a budget that is spent", took)
		}
	})
}

// Quiet times fill the budget, too: who calls now and then asks everybody.
func TestBudgetTrickles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3, mds.WithRetryBudget(2, 0))
		for i := range 3 {
			cluster.Node(i).Inject(fakemds.Status(503))
		}
		for range 20 {
			read(t, c)
		}
		if left := c.Stats().Budget; left >= 1 {
			t.Fatalf("%v extra attempts are left", left)
		}
		time.Sleep(time.Minute)
		_, trace, err := read(t, c)
		if len(trace.Attempts) != 3 || errors.Is(err, mds.ErrRetryBudget) {
			t.Errorf("asked %v after a minute: %v", trace.Attempts, err)
		}
	})
}

// That agents refuse costs nothing of the budget: who looks for volumes that do
// not exist is not left without it.
func TestRefusalsAreFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3)
		for i := range 3 {
			cluster.Node(i).Inject(fakemds.AgentError("no such volume"))
		}
		for range 50 {
			if _, trace, _ := read(t, c); len(trace.Attempts) != 3 {
				t.Fatalf("%d MDS were asked, want all", len(trace.Attempts))
			}
		}
		if left := c.Stats().Budget; left != mds.DefaultRetryBudget {
			t.Errorf("%v extra attempts are left, want all", left)
		}
	})
}

// A budget is never above its most, and a part of an extra attempt is none.
func TestBudgetIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3, mds.WithRetryBudget(2, 0))
		time.Sleep(time.Hour)
		if left := c.Stats().Budget; left != 2 {
			t.Errorf("%v left after an hour, want 2", left)
		}
		for i := range 3 {
			cluster.Node(i).Inject(fakemds.Status(503))
		}
		read(t, c) // spends both
		if _, _, err := read(t, c); err == nil || !strings.HasPrefix(err.Error(), "volume/clients: 1 MDS tried: ") {
			t.Errorf("error %v, want one MDS tried", err)
		}
		time.Sleep(5 * time.Second) // half of one
		if _, trace, _ := read(t, c); len(trace.Attempts) != 1 {
			t.Errorf("%d attempts for half of one", len(trace.Attempts))
		}
	})
}

// How long the budget was waited for counts for each MDS anew.
func TestPatienceIsPerAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3, mds.WithRetryBudget(0, 0))
		cluster.Node(0).Inject(fakemds.Hang)
		cluster.Node(1).Inject(fakemds.Hang)
		if took, _, err := read(t, c); err != nil || took != 2*17*firstStagger {
			t.Errorf("took %v, want two staggers and twice sixteen: %v", took, err)
		}
	})
}

// A connect that never completes has sent nothing: passing it over is free.
func TestBlackholeIsFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 2, mds.WithRetryBudget(0, 0))
		cluster.Node(0).Inject(fakemds.Blackhole)
		if took, _, err := read(t, c); err != nil || took != firstStagger {
			t.Errorf("took %v: %v", took, err)
		}
	})
}
