package guard_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/internal/mdstest"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

// However many volumes are checked one by one, none runs out of time for it.
func TestGuardUnderLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("so many checks are too much for the race detector; -short leaves them out")
	}
	const n = 500
	synctest.Test(t, func(t *testing.T) {
		cluster, g := guarded(t, 3)
		var wg sync.WaitGroup
		began := time.Now()
		for volume := range thousands(cluster, n) {
			wg.Go(func() {
				if report, err := g.Check(t.Context(), volume); err != nil {
					t.Errorf("%v after %d rounds and %v: %v", report.Verdict, report.Rounds, time.Since(began), err)
				}
			})
		}
		wg.Wait()
		// Two rounds of a list and a query of each volume by each MDS, and what
		// the checks share, a hundred a second.
		limit := n * 4 * time.Second / guard.DefaultPerSecond
		took := time.Since(began)
		t.Logf("%d checks took %v, %d requests", n, took, mdstest.Asked(cluster, ""))
		if took > 2*limit+interval {
			t.Errorf("%d checks took %v, where the load allows %v", n, took, limit)
		}
		wantConnections(t, cluster, 4)
	})
}

// wantConnections fails when there were more connections to an MDS at a time.
func wantConnections(t *testing.T, cluster *fakemds.Cluster, most int) {
	t.Helper()
	for i := range cluster.Len() {
		if _, n := cluster.Node(i).OpenConns(); n > most {
			t.Errorf("%d connections to MDS %d, want at most %d", n, i, most)
		}
	}
}

func TestCheckAll(t *testing.T) {
	if testing.Short() {
		t.Skip("so many checks are too much for the race detector; -short leaves them out")
	}
	const n = 2000
	synctest.Test(t, func(t *testing.T) {
		cluster, g := guarded(t, 3)
		taken, yielded, most := 0, 0, 0
		paths := counted(thousands(cluster, n), &taken)
		cluster.Open("zbs://lp1/v17", "10.0.0.3")
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
			want := map[string]error{"v17": guard.ErrInUse, "v471": guard.ErrUndetermined}[report.Volume.Volume]
			if !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", report.Volume, err, want)
			}
		}
		// Two lists of each volume by each MDS, a hundred a second.
		limit := time.Duration(2*n) * time.Second / guard.DefaultPerSecond
		took := time.Since(began)
		t.Logf("%v, where the load allows %v; the first hundred after %v; at most %d under way", took, limit, first, most)
		if yielded != n || took > limit*3/2 || took < limit*9/10 {
			t.Errorf("%d reports in %v, want %d within 1.5 times %v, and not faster", yielded, took, n, limit)
		}
		if first > 3*interval {
			t.Errorf("the first hundred came after %v", first)
		}
		if flat := int(interval/time.Second+4) * guard.DefaultPerSecond; most > flat {
			t.Errorf("%d checks were under way, want at most %d, whatever their number", most, flat)
		}
		wantConnections(t, cluster, 4)
		if perVolume := float64(mdstest.Asked(cluster, "")) / float64(n); perVolume > 6.5 {
			t.Errorf("%.2f requests per volume, want little more than the six lists", perVolume)
		}
	})
}

// counted counts the paths that are taken.
func counted(paths iter.Seq[zbs.Path], taken *int) iter.Seq[zbs.Path] {
	return func(yield func(zbs.Path) bool) {
		for p := range paths {
			*taken++
			if !yield(p) {
				return
			}
		}
	}
}

func TestCheckAllEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, g := guarded(t, 3)
		paths := thousands(cluster, 100)
		yielded := 0
		for range g.CheckAll(t.Context(), paths) {
			yielded++
			break
		}
		if yielded != 1 {
			t.Errorf("%d reports after the loop was left", yielded)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		yielded = 0
		for report, err := range g.CheckAll(ctx, paths) {
			yielded++
			if report.Verdict != guard.Unknown || !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, guard.ErrUndetermined) {
				t.Errorf("%s after the context's end: %v, %v", report.Volume, report.Verdict, err)
			}
		}
		if yielded != 100 {
			t.Errorf("%d of 100 paths were reported", yielded)
		}
		bad := slices.Values([]zbs.Path{{}, path})
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
		cluster.Node(0).Inject(fakemds.Hang)
		for i := 1; i < 3; i++ {
			cluster.Node(i).Inject(fakemds.Slow(500 * time.Millisecond).On("volume/clients"))
		}
		free := 0
		for report, err := range g.CheckAll(t.Context(), thousands(cluster, 60)) {
			if free++; err != nil {
				t.Errorf("%s: %v", report.Volume, err)
			}
		}
		if free != 60 {
			t.Errorf("%d of 60 are free", free)
		}
	})
}
