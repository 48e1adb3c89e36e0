package mds_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// lookUp asks for a volume that does not exist, and returns how long that took.
func lookUp(t *testing.T, c *mds.Caller) (time.Duration, mds.Trace, error) {
	t.Helper()
	var trace mds.Trace
	began := time.Now()
	_, err := mds.Call(t.Context(), c, zbs.QueryVolume{Path: zbs.CBDPath{PhysicalPool: "pp", Path: zbs.Path{Pool: "lp", Volume: "missing"}}}, mds.TryNext(), mds.Record(&trace))
	return time.Since(began), trace, err
}

// That a volume does not exist is an answer, and a broken MDS costs it what it costs
// other answers: one hedge delay where two MDS agree, and more where one stands alone.
func TestAbsenceBesideBrokenMDS(t *testing.T) {
	const alone = 16 * firstStagger
	for _, tc := range []struct {
		name   string
		nodes  int
		faults map[int]fakemds.Fault
		most   time.Duration
	}{
		{"healthy", 3, nil, 0},
		{"first hung", 3, map[int]fakemds.Fault{0: fakemds.Hang}, 2 * firstStagger},
		{"second hung", 3, map[int]fakemds.Fault{1: fakemds.Hang}, 2 * firstStagger},
		{"third hung", 3, map[int]fakemds.Fault{2: fakemds.Hang}, 2 * firstStagger},
		{"third blackholed", 3, map[int]fakemds.Fault{2: fakemds.Blackhole}, 2 * firstStagger},
		{"second refused, third hung", 3, map[int]fakemds.Fault{1: fakemds.Refuse, 2: fakemds.Hang}, alone},
		{"two hung", 3, map[int]fakemds.Fault{0: fakemds.Hang, 1: fakemds.Hang}, alone + 2*firstStagger},
		{"two, one hung", 2, map[int]fakemds.Fault{1: fakemds.Hang}, alone},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, c := start(t, tc.nodes)
				for i, f := range tc.faults {
					cluster.Node(i).Inject(f)
				}
				for i := range 10 {
					most := tc.most
					if i >= 3 { // the breakers of those that hang are open
						most = 0
					}
					took, trace, err := lookUp(t, c)
					no, ok := errors.AsType[*zbs.AgentError](err)
					if !ok || !no.NotFound() || took > most {
						t.Fatalf("look-up %d took %v, at most %v: %v\n%v", i+1, took, most, err, trace)
					}
					time.Sleep(time.Millisecond)
				}
			})
		})
	}
}

// An MDS that is only slower than the one that denies is heard.
func TestAbsenceIsContradicted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 2)
		cluster.Node(0).Inject(fakemds.AgentError("status code: kFileNotExists").On("volume/query"))
		cluster.Node(1).Inject(fakemds.Slow(5 * firstStagger))
		var trace mds.Trace
		_, err := mds.Call(t.Context(), c, zbs.QueryVolume{Path: cbdPath}, mds.TryNext(), mds.Record(&trace))
		if err != nil {
			t.Errorf("%v\n%v", err, trace)
		}
	})
}

// One MDS that denies does not outweigh one that failed just before.
func TestAbsenceIsContradictedByOneThatFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 2)
		cluster.Node(1).Inject(fakemds.Hang.On("echo")) // no health check makes it well
		cluster.Node(1).Inject(fakemds.Reset.On("volume/clients").Times(1))
		if _, err := mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: cbdPath}, mds.Target(c.Addrs()[1])); err == nil {
			t.Fatal("the second MDS did not fail")
		}
		cluster.Node(0).Inject(fakemds.AgentError("status code: kFileNotExists").On("volume/query"))
		var trace mds.Trace
		if _, err := mds.Call(t.Context(), c, zbs.QueryVolume{Path: cbdPath}, mds.TryNext(), mds.Record(&trace)); err != nil {
			t.Errorf("%v\n%v", err, trace)
		}
	})
}
