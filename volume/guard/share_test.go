package guard_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"iter"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

// A round costs eight requests however many callers want it; what cluster and
// pools there are is asked for once per Guard.
func TestGuardCost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, g := guarded(t, 3)
		many := func() {
			var wg sync.WaitGroup
			for i := range 100 {
				wg.Go(func() {
					report, err := g.Check(t.Context(), path, guard.AllowHost(fmt.Sprintf("10.0.9.%d", i)))
					if err != nil || report.Rounds != 2 {
						t.Errorf("%d rounds, %v", report.Rounds, err)
					}
				})
			}
			wg.Wait()
		}
		many()
		if f, c := asked(cluster, "facts"), asked(cluster, "capacity"); f != 3 || c != 1 {
			t.Errorf("the first checks asked %d times for facts, %d for pools; want 3 and 1", f, c)
		}
		for range 2 {
			for i := range 3 {
				cluster.Node(i).ResetLedger()
			}
			many()
			// Who comes when the first round has begun takes the second and a third.
			rounds := asked(cluster, "volume/query")
			if all := asked(cluster, ""); all != 8*rounds || rounds < 2 || rounds > 3 {
				t.Errorf("%d requests in %d rounds, want 8 in each of 2 or 3", all, rounds)
			}
		}
		for i := range 3 {
			if _, most := cluster.Node(i).OpenConns(); most > 4 {
				t.Errorf("%d connections to node %d", most, i)
			}
		}
	})
}

// A check that comes later gets only rounds that began after it came.
func TestGuardSharesNoOlderRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, g := guarded(t, 3)
		cluster.Node(0).Inject(fakemds.Slow(2 * time.Second).On("volume/clients"))
		began := time.Now()
		var wg sync.WaitGroup
		check := func(after, want time.Duration) {
			wg.Go(func() {
				time.Sleep(after)
				report, err := g.Check(t.Context(), path)
				if took := time.Since(began); err != nil || took != want {
					t.Errorf("the check that came after %v ended after %v, want %v: %v", after, took, want, err)
				}
				for _, r := range report.Evidence.Rounds {
					if r.Began < 0 {
						t.Errorf("the check that came after %v took a round from %v before it", after, r.Began)
					}
				}
			})
		}
		// In the first and third round node 0 is asked for list and canary, which
		// takes 4 s, in the second for the list alone.
		second := 4*time.Second + interval + 2*time.Second
		third := second + interval + 4*time.Second
		check(0, second)
		check(time.Second, third)   // during the first round
		check(5*time.Second, third) // between the first and the second
		wg.Wait()
	})
}

// However many volumes are checked one by one, none runs out of time for it.
func TestGuardUnderLoad(t *testing.T) {
	const n = 500
	synctest.Test(t, func(t *testing.T) {
		cluster, g := guarded(t, 3)
		var taken int
		var wg sync.WaitGroup
		began := time.Now()
		for volume := range thousands(t, cluster, n, &taken) {
			wg.Go(func() {
				if _, err := g.Check(t.Context(), volume); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		// 16 questions in two rounds to three MDS, a hundred a second each.
		limit := n * 16 * time.Second / 3 / 100
		if took := time.Since(began); took > limit*3/2+interval {
			t.Errorf("%d checks took %v, where the load allows %v", n, took, limit)
		}
	})
}

// When those that need the interval are gone, the others need not wait for it.
func TestGuardDoesNotWaitForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, g := guarded(t, 3)
		cluster.Node(0).Inject(fakemds.Slow(2 * time.Second).On("volume/clients"))
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() { g.Check(impatient, path) }) // gone within the round that both are in
		wg.Go(func() {
			_, err := g.Check(t.Context(), path)
			// It may come when the first round has begun, which takes 4 s, and has
			// the second, of 2 s, and the third then.
			first, second := 4*time.Second+interval+2*time.Second, 6*time.Second+interval+4*time.Second
			if took := time.Since(began); err != nil || took != first && took != second {
				t.Errorf("who needs the interval got %v after %v", err, took)
			}
		})
		wg.Wait()
	})
	synctest.Test(t, func(t *testing.T) {
		_, g := guarded(t, 3)
		began := time.Now()
		impatient, cancel := context.WithTimeout(t.Context(), 6*time.Second)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() {
			report, err := g.Check(impatient, path)
			if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, guard.ErrUndetermined) || report.Rounds != 1 {
				t.Errorf("the impatient: %d rounds, %v", report.Rounds, err)
			}
		})
		wg.Go(func() {
			time.Sleep(5 * time.Second)
			if _, err := g.Check(t.Context(), path); err != nil {
				t.Error(err)
			}
			if took := time.Since(began); took != 6*time.Second+interval {
				t.Errorf("the patient ended after %v, want %v", took, 6*time.Second+interval)
			}
		})
		wg.Wait()
	})
}

// thousands returns the cluster with n volumes of one host, and their paths.
func thousands(t *testing.T, cluster *fakemds.Cluster, n int, taken *int) iter.Seq[zbs.Path] {
	t.Helper()
	name := func(i int) zbs.Path { return zbs.Path{Pool: "lp1", Volume: fmt.Sprintf("v%d", i)} }
	for i := range n {
		cluster.AddVolume(name(i).String())
	}
	return func(yield func(zbs.Path) bool) {
		for i := range n {
			*taken++
			if !yield(name(i)) {
				return
			}
		}
	}
}

var bulkVolumes = flag.Int("guard.volumes", 2000, "how many volumes TestCheckAll checks")

func TestCheckAll(t *testing.T) {
	n := *bulkVolumes
	synctest.Test(t, func(t *testing.T) {
		cluster, g := guarded(t, 3)
		taken, yielded, most := 0, 0, 0
		paths := thousands(t, cluster, n, &taken)
		cluster.Open("zbs://lp1/v17", "10.0.0.6")
		cluster.RemoveVolume("zbs://lp1/v471")
		for i := range 3 {
			cluster.Node(i).Inject(fakemds.Slow(time.Millisecond))
		}
		began := time.Now()
		var first time.Duration
		for report, err := range g.CheckAll(t.Context(), paths) {
			most = max(most, taken-yielded)
			if yielded++; yielded == 100 {
				first = time.Since(began)
			}
			var want error
			switch report.Volume.Volume {
			case "v17":
				want = guard.ErrInUse
			case "v471":
				want = guard.ErrNotFound
			}
			if !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", report.Volume, err, want)
			}
		}
		// Two lists of each volume by each MDS, a hundred a second.
		limit := time.Duration(2*n) * time.Second / guard.DefaultPerSecond
		took := time.Since(began)
		t.Logf("%v, where the load allows %v; the first hundred after %v; at most %d under way", took, limit, first, most)
		if yielded != n || took > limit*3/2 || took < limit {
			t.Errorf("%d reports in %v, want %d within 1.5 times %v, and not faster", yielded, took, n, limit)
		}
		if first > 2*interval {
			t.Errorf("the first hundred came after %v", first)
		}
		if flat := int(interval/time.Second+4) * guard.DefaultPerSecond; most > flat {
			t.Errorf("%d checks were under way, want at most %d, whatever their number", most, flat)
		}
		for i := range 3 {
			if _, most := cluster.Node(i).OpenConns(); most > 4 {
				t.Errorf("%d connections to node %d", most, i)
			}
		}
		perVolume := float64(asked(cluster, "")) / float64(n)
		if perVolume > 6.2 {
			t.Errorf("%.2f requests per volume, want little more than the six lists", perVolume)
		}
	})
}

func TestCheckAllEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, g := guarded(t, 3)
		taken, yielded := 0, 0
		for range g.CheckAll(t.Context(), thousands(t, cluster, 100, &taken)) {
			yielded++
			break
		}
		if yielded != 1 {
			t.Errorf("%d reports after the loop was left", yielded)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		yielded, taken = 0, 0
		for report, err := range g.CheckAll(ctx, thousands(t, cluster, 100, &taken)) {
			yielded++
			if report.Verdict != guard.Unknown || !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, guard.ErrUndetermined) {
				t.Errorf("%s after the context's end: %v, %v", report.Volume, report.Verdict, err)
			}
		}
		if yielded != 100 {
			t.Errorf("%d of 100 paths were reported", yielded)
		}
		bad := func(yield func(zbs.Path) bool) { _ = yield(zbs.Path{}) && yield(path) }
		var verdicts []guard.Verdict
		for report := range g.CheckAll(t.Context(), bad) {
			verdicts = append(verdicts, report.Verdict)
		}
		if fmt.Sprint(verdicts) != "[unknown free]" {
			t.Errorf("an invalid path and a good one: %v", verdicts)
		}
		for _, err := range new(guard.Guard).CheckAll(t.Context(), bad) {
			if !errors.Is(err, guard.ErrUndetermined) {
				t.Errorf("of the zero Guard: %v", err)
			}
		}
	})
}

// Batches shrink until an MDS gets through them in time, and one that hangs
// neither stops the others nor makes batches small.
func TestCheckAllOverBadMDS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, g := guarded(t, 3)
		taken, free := 0, 0
		cluster.Node(0).Inject(fakemds.Hang)
		for i := 1; i < 3; i++ {
			cluster.Node(i).Inject(fakemds.Slow(500 * time.Millisecond).On("volume/clients"))
		}
		for report, err := range g.CheckAll(t.Context(), thousands(t, cluster, 60, &taken)) {
			if free++; err != nil {
				t.Errorf("%s: %v", report.Volume, err)
			}
		}
		if free != 60 {
			t.Errorf("%d of 60 are free", free)
		}
	})
}
