package guard_test

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/internal/mdstest"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

// bulkRun is what it took to check many volumes.
type bulkRun struct {
	virtual  time.Duration
	requests int    // of all rounds
	heap     uint64 // the most that was live, looked at now and then
}

// BenchmarkGuard checks volumes with all MDS well and with one of three silent, by
// the virtual time that it takes, as a ratio to the healthy one.
//
//	go test ./volume/guard -run '^$' -bench BenchmarkGuard -benchtime 1x
func BenchmarkGuard(b *testing.B) {
	for _, n := range []int{1, 6, 1000, 10000} {
		var healthy bulkRun
		for _, silent := range []int{0, 1} {
			b.Run(fmt.Sprintf("volumes=%d/silent=%d", n, silent), func(b *testing.B) {
				var run bulkRun
				for b.Loop() {
					run = checkMany(b, n, silent)
				}
				if silent == 0 {
					healthy = run
				}
				b.ReportMetric(run.virtual.Seconds(), "virtual-s/op")
				b.ReportMetric(float64(run.requests)/float64(2*n), "requests/round")
				b.ReportMetric(float64(run.heap)/(1<<20), "heap-MiB")
				if healthy.virtual > 0 {
					b.ReportMetric(run.virtual.Seconds()/healthy.virtual.Seconds(), "ratio")
				}
			})
		}
	}
}

// checkMany checks n volumes, up to six of them one by one and at the same time.
func checkMany(b *testing.B, n, silent int) (run bulkRun) {
	// A bubble takes a testing.T.
	ok := testing.RunTests(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{{Name: "checkMany", F: func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { run = checkManyIn(t, n, silent) })
	}}})
	if !ok {
		b.Fatal("not all are free")
	}
	return run
}

func checkManyIn(t *testing.T, n, silent int) (run bulkRun) {
	cluster := newCluster(t, 3)
	for i := range 3 {
		cluster.Node(i).Inject(fakemds.Slow(time.Millisecond))
	}
	for i := range silent {
		cluster.Node(2 - i).Inject(fakemds.Hang)
	}
	caller, err := mds.New(cluster.Addrs(), mds.WithTransport(cluster.Transport()), mds.WithMountedCallbacks("http://callback.fake/cb"))
	if err != nil {
		t.Fatal(err)
	}
	defer caller.Close()
	cluster.HandleCallbacks("callback.fake", caller.CallbackHandler())
	g, err := guard.New(caller, hosts())
	if err != nil {
		t.Fatal(err)
	}
	paths := thousands(cluster, n)
	began := time.Now()
	if n <= 6 {
		if err := together(t.Context(), g, slices.Collect(paths)); err != nil {
			t.Error(err)
		}
		paths = slices.Values([]zbs.Path(nil))
	}
	yielded := 0
	for report, err := range g.CheckAll(t.Context(), paths) {
		if err != nil {
			t.Errorf("%s: %v", report.Volume, err)
		}
		if yielded++; yielded%1000 == 0 {
			run.requests += forgetRequests(cluster)
			run.heap = max(run.heap, liveHeap())
		}
	}
	run.virtual = time.Since(began)
	run.requests += forgetRequests(cluster)
	run.heap = max(run.heap, liveHeap())
	return run
}

// forgetRequests empties the ledgers, which would be most of the heap.
func forgetRequests(cluster *fakemds.Cluster) (n int) {
	n = mdstest.Asked(cluster, "")
	for i := range cluster.Len() {
		cluster.Node(i).ResetLedger()
	}
	return n
}

func liveHeap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
