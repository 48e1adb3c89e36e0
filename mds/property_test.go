package mds_test

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// breakages are the ways a drawn MDS may be broken.
var breakages = map[string]fakemds.Fault{
	"refuse":     fakemds.Refuse,
	"blackhole":  fakemds.Blackhole,
	"hang":       fakemds.Hang,
	"hang after": fakemds.HangAfter,
	"reset":      fakemds.Reset,
	"reset late": fakemds.ResetAfter,
	"truncate":   fakemds.Truncate,
	"garbage":    fakemds.Garbage,
	"404":        fakemds.Status(404),
	"500":        fakemds.Status(500),
	"503 after":  fakemds.StatusAfter(503),
	"refusal":    fakemds.AgentError("no"),
	"slow":       fakemds.Slow(time.Hour),
}

// With TryNext a read succeeds if any MDS is healthy, within an attempt
// time-out per broken one, and asks each at most once; this holds over many
// calls of one Caller, whatever its breakers have seen.
func TestReadSucceedsIfAnyMDSIsHealthy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { rapid.SyncTest(t, readSucceedsIfAnyIsHealthy) })
}

func readSucceedsIfAnyIsHealthy(t *rapid.T) {
	const timeout = 2 * time.Second
	n := rapid.IntRange(1, 5).Draw(t, "MDS")
	cluster := fakemds.NewCluster(t, n)
	cluster.AddPool("lp", "pp")
	cluster.AddVolume(volumePath, "10.0.0.5:9001")
	c, err := mds.New(cluster.Addrs(), mds.WithDialContext(cluster.DialContext), mds.WithAttemptTimeout(timeout), mds.WithBreaker(2, 10*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	kinds := append([]string{"healthy"}, slices.Sorted(maps.Keys(breakages))...)
	for range rapid.IntRange(1, 8).Draw(t, "calls") {
		for i := range n {
			cluster.Node(i).Clear()
		}
		synctest.Wait() // probes whose connect gets through now
		healthy := 0
		for i := range n {
			if kind := rapid.SampledFrom(kinds).Draw(t, "kind"); kind == "healthy" {
				healthy++
			} else {
				cluster.Node(i).Inject(breakages[kind])
			}
		}
		time.Sleep(time.Duration(rapid.IntRange(0, 12).Draw(t, "pause")) * time.Second)
		checkOneRead(t, c, healthy, n, timeout)
	}
}

func checkOneRead(t *rapid.T, c *mds.Caller, healthy, n int, timeout time.Duration) {
	began := time.Now()
	var trace mds.Trace
	clients, err := mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: cbdPath}, mds.TryNext(), mds.RouteKey(volumePath), mds.Record(&trace))
	if (err == nil) != (healthy > 0) {
		t.Fatalf("%d of %d MDS are healthy: %v\n%+v", healthy, n, err, trace)
	}
	if err == nil && len(clients.Clients) != 1 {
		t.Fatalf("clients %+v, want the one that is there", clients)
	}
	if err != nil && !errors.Is(err, mds.ErrAllFailed) {
		t.Fatalf("error %v does not match ErrAllFailed", err)
	}
	if got, most := time.Since(began), time.Duration(n-healthy)*timeout; got > most {
		t.Fatalf("took %v with %d broken, want at most %v", got, n-healthy, most)
	}
	asked := make(map[zbs.Addr]int)
	for _, a := range trace.Attempts {
		if asked[a.Addr]++; asked[a.Addr] > 1 {
			t.Fatalf("%v stands twice in %+v", a.Addr, trace)
		}
	}
}
