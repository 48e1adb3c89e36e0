package mds_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

func TestStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3)
		read(t, c) // the first answers
		cluster.Node(0).Inject(fakemds.AgentError("no").Times(1))
		read(t, c) // it refuses, and the second answers
		cluster.Node(0).Inject(fakemds.Slow(5 * time.Millisecond))
		read(t, c) // it takes less than the stagger
		cluster.Node(0).Inject(fakemds.Hang)
		read(t, c) // the second overtakes it
		read(t, c) // and is asked first from now on
		mds.Call(t.Context(), c, zbs.Echo{}, mds.Target(c.Addrs()[2]))

		counts := func(m mds.MDSStats) mds.Counts {
			m.Counts.Latency = mds.Histogram{}
			m.Counts.HealthChecks = 0
			return m.Counts
		}
		s := c.Stats()
		want := []mds.Counts{
			{Attempts: 4, Answered: 2, Refused: 1, Slow: 1, SkippedBreaker: 1},
			{Attempts: 3, Answered: 3, NotNeeded: 2},
			{Attempts: 1, Answered: 1, NotNeeded: 5},
		}
		got := []mds.Counts{counts(s.MDS[0]), counts(s.MDS[1]), counts(s.MDS[2])}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(mds.Histogram{})); diff != "" {
			t.Errorf("counts (-want +got):\n%s", diff)
		}
		if m := s.MDS[0]; m.LastErr == nil || m.LastErrAt.IsZero() || m.Addr != c.Addrs()[0] {
			t.Errorf("%+v", m)
		}
		if m := s.MDS[2]; len(m.Endpoints) != 2 || m.Endpoints[0].Endpoint != "echo" || m.Endpoints[0].Answered != 1 {
			t.Errorf("endpoints %+v", m.Endpoints)
		}
		if h := s.MDS[0].Latency; h.Count != 3 || h.Quantile(1) < 5*time.Millisecond || h.Quantile(1) > 6*time.Millisecond || h.Quantile(0.1) > time.Microsecond {
			t.Errorf("latencies: %d, from %v to %v", h.Count, h.Quantile(0.1), h.Quantile(1))
		}
		if e := s.Endpoints; len(e) != 2 || e[1].Endpoint != "volume/clients" || e[1].Calls != 5 || e[1].Failed != 0 || e[1].Attempts != 7 {
			t.Errorf("endpoints %+v", e)
		}
		if spent := mds.DefaultRetryBudget - s.Budget; spent < 0.4 || spent > 0.9 { // one, but for the tenths of the successes after it
			t.Errorf("%v of the budget are spent", spent)
		}
	})
}

func TestFailedCallsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 2, mds.WithRetryBudget(0, 0))
		for i := range 2 {
			cluster.Node(i).Inject(fakemds.Status(503))
		}
		read(t, c)
		read(t, c)
		s := c.Stats()
		if e := s.Endpoints[0]; e.Calls != 2 || e.Failed != 2 || e.Attempts != 3 || e.Counts.Failed != 3 || e.SkippedBudget != 1 {
			t.Errorf("%+v", e)
		}
	})
}
